import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkFile } from "@rootwalk/persist-sqlite/tools";
import { check } from "../crash/check.ts";
import { type Durability, WRITERS } from "../crash/ledger.ts";
import { GraphLedger } from "../crash/ours-ledger.ts";
import { GRAPH, type Line, type Order, UNITS } from "./script.ts";
import { CALLS, type Call, type Fault, traced } from "./tracer.ts";

export interface FaultOptions {
  /** The compiled entry of the child. */
  readonly child: string;
  readonly folder: string;
  /** How many points at least are tried, where there are so many. */
  readonly points: number;
  readonly durabilities: readonly Durability[];
  /** The Node that the child runs in, where it is another one, and what it finds in its environment. */
  readonly node?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onProblem?: (problem: string) => void;
}

export interface FaultCounts {
  /** Calls of the script that were made to fail, one in each run. */
  points: number;
  byCall: Record<Call, number>;
  /** Calls of the script without a fault, over the durabilities. */
  calls: Record<Call, number>;
  /** Faults after which the outcome of a unit was unknown, of which it was there. */
  unknown: number;
  unknownKept: number;
  /** Faults that were told by another error, and those that nobody needed to be told of. */
  refused: number;
  silent: number;
  acknowledged: number;
  lost: number;
  partial: number;
  /** Points at which anything was not as it should be, these two included. */
  wrong: number;
}

/** One run: this call fails, of a graph of this durability. */
interface Point {
  readonly durability: Durability;
  readonly fault: Fault;
}

const ERRORS: Readonly<Record<Call, readonly Fault["error"][]>> = {
  sync: ["EIO"],
  write: ["EIO", "ENOSPC"],
  truncate: ["EIO"],
  remove: ["EIO"],
  rename: ["EIO"],
};

const kinds = Object.keys(CALLS) as Call[];

/** Follows the script once for each point, with the call of that number failing, and adds up what was found. */
export async function ioFaults(options: FaultOptions): Promise<FaultCounts> {
  const none = (): Record<Call, number> => ({ sync: 0, write: 0, truncate: 0, remove: 0, rename: 0 });
  const counts: FaultCounts = {
    points: 0,
    byCall: none(),
    calls: none(),
    unknown: 0,
    unknownKept: 0,
    refused: 0,
    silent: 0,
    acknowledged: 0,
    lost: 0,
    partial: 0,
    wrong: 0,
  };
  const all: Point[] = [];
  for (const durability of options.durabilities) {
    const calls = await callsOfScript(options, durability);
    for (const call of kinds) {
      counts.calls[call] += calls[call];
      for (const error of ERRORS[call]) {
        for (let number = 1; number <= calls[call]; number += 1)
          all.push({ durability, fault: { call, error, number } });
      }
    }
  }
  for (const point of inOrder(all, options.points)) {
    if (counts.points >= options.points) break;
    await follow(options, point, counts);
  }
  return counts;
}

/**
 * Every sync at full durability first, where so many are asked for; of the others those that are far from each other
 * before those between them.
 */
function inOrder(points: readonly Point[], wanted: number): Point[] {
  const syncs = points.filter(({ durability, fault }) => durability === "full" && fault.call === "sync");
  const first = new Set(syncs.length <= wanted ? syncs : []);
  const golden = (Math.sqrt(5) - 1) / 2;
  const rest = points
    .filter((point) => !first.has(point))
    .map((point, index) => ({ point, key: (index * golden) % 1 }))
    .sort((a, b) => a.key - b.key);
  return [...first, ...rest.map(({ point }) => point)];
}

async function callsOfScript(options: FaultOptions, durability: Durability): Promise<Record<Call, number>> {
  const { log, run } = await script(options, durability);
  if (run.status !== 0) throw new Error(`the script fails without a fault: ${run.complaints}`);
  const count = (call: Call) =>
    CALLS[call].reduce((sum, name) => sum + log.split(new RegExp(`^\\d+ +${name}\\(`, "m")).length - 1, 0);
  return Object.fromEntries(kinds.map((call) => [call, count(call)])) as Record<Call, number>;
}

async function script(
  { child, folder, node = process.execPath, environment }: FaultOptions,
  durability: Durability,
  fault?: Fault,
) {
  const place = join(folder, "faulty");
  const logFile = join(folder, "calls.log");
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  const order: Order = { folder: place, durability };
  const run = await traced([node, child, JSON.stringify(order)], logFile, fault, environment);
  return { place, run, log: readFileSync(logFile, "utf8") };
}

async function follow(
  options: FaultOptions,
  { durability, fault }: Point,
  counts: FaultCounts,
): Promise<void> {
  const { place, run, log } = await script(options, durability, fault);
  // In the background fewer calls may have been made than when they were counted.
  if (!log.includes("(INJECTED)")) return;
  counts.points += 1;
  counts.byCall[fault.call] += 1;
  const lines = run.output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
  const problems: string[] = [];
  if (run.status !== 0 || lines.at(-1)?.kind !== "done")
    problems.push(`the process did not go on (${run.status}): ${run.complaints}`);
  for (const line of lines) {
    if (line.kind === "wrong") problems.push(line.what);
    if (line.kind === "failed" && line.isKept)
      problems.push(`unit ${line.seq} of writer ${line.writer} is there, and its error was ${line.code}`);
  }
  if (lines.some(({ kind }) => kind === "unknown")) counts.unknown += 1;
  else if (lines.some(({ kind }) => kind === "failed" || kind === "refused")) counts.refused += 1;
  else counts.silent += 1;
  if (lines.some((line) => line.kind === "unknown" && line.isKept)) counts.unknownKept += 1;
  counts.acknowledged += lines.filter(({ kind }) => kind === "acknowledged").length;

  const found = await reopened(place, durability, lines);
  counts.lost += found.lost;
  counts.partial += found.partial;
  problems.push(...found.problems);
  if (problems.length === 0) return;
  counts.wrong += 1;
  for (const problem of problems)
    options.onProblem?.(`${durability}, ${fault.call} ${fault.number}, ${fault.error}: ${problem}`);
}

/** Compares what is there with what was told: acknowledged ⊆ kept ⊆ attempted, each unit once and whole. */
async function reopened(folder: string, durability: Durability, lines: readonly Line[]) {
  const problems: string[] = [];
  const progress = Array.from({ length: WRITERS }, (_, writer) => {
    const of = lines.filter((line) => "writer" in line && line.writer === writer) as Extract<
      Line,
      { seq: number }
    >[];
    const most = (isMeant: (line: Extract<Line, { seq: number }>) => boolean) =>
      of.reduce((most, line) => (isMeant(line) ? Math.max(most, line.seq) : most), 0);
    const isThere = (line: Extract<Line, { seq: number }>) =>
      line.kind === "acknowledged" || (line.kind === "unknown" && line.isKept);
    return { begun: most(() => true), committing: 0, acknowledged: most(isThere) };
  });
  let [lost, partial] = [0, 0];
  try {
    const ledger = await GraphLedger.open(join(folder, GRAPH), { durability }, true);
    try {
      const state = await ledger.read();
      const found = check(state, progress);
      ({ lost, partial } = found);
      problems.push(...found.problems, ...(await ledger.check()));
      if (state.writers.some(({ units }) => units !== UNITS))
        problems.push("not every unit of the script is there");
    } finally {
      await ledger.close();
    }
    const incarnations = new Set<string>();
    const copies = lines.flatMap((line) => (line.kind === "copied" ? [line.name] : []));
    for (const name of [GRAPH, ...copies]) {
      const path = join(folder, name);
      if (!existsSync(path)) {
        problems.push(`the backup ${name} was acknowledged and is not there`);
        continue;
      }
      incarnations.add(await incarnationOf(path));
      const { findings } = await checkFile(path);
      problems.push(...findings.map(({ message }) => `${name}: ${message}`));
    }
    if (incarnations.size <= copies.length) problems.push("tokens of the graph are taken for a backup's");
    const left = readdirSync(folder).filter((name) => name.includes(".partial"));
    if (left.length > 0) problems.push(`${left.join(", ")} is left of a backup`);
  } catch (error) {
    problems.push(`it cannot be used: ${error instanceof Error ? error.message : error}`);
  }
  return { lost, partial, problems };
}

async function incarnationOf(path: string): Promise<string> {
  const ledger = await GraphLedger.open(path, {}, true);
  try {
    return (await ledger.store.current()).split(".")[0] ?? "";
  } finally {
    await ledger.close();
  }
}
