import { createHash } from "node:crypto";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkFile } from "@rootwalk/persist-sqlite/tools";
import { check } from "../crash/check.ts";
import { batchSize, WRITERS } from "../crash/ledger.ts";
import { GraphLedger } from "../crash/ours-ledger.ts";
import type { Random } from "../random.ts";
import type { Files } from "./disk.ts";
import type { Told } from "./marks.ts";
import { GRAPH, LIMITS, type Mode } from "./workload.ts";

/** What was found on a disk after the power went. */
export interface Verdict {
  /** Units that were acknowledged and are not there. */
  readonly lost: number;
  /** Units of which some is there, or that are there without ones before them. */
  readonly partial: number;
  /** It cannot be opened or read, or holds what should not be there. */
  readonly isDamaged: boolean;
  /** Backups that were acknowledged and are missing, or that are there and not whole. */
  readonly badCopies: number;
  /** Units that are there although their acknowledgement had not come. */
  readonly unacknowledged: number;
  readonly problems: readonly string[];
  /** For each writer, the units that are there. */
  readonly units: readonly number[];
}

const POSITIONS = Math.max(...Array.from({ length: 8 }, (_, seq) => batchSize(0, seq)));
const SHM_BYTES = 32_768;

/**
 * Opens the graph as an app does after the power is back, and compares what it holds with what was told before. Then it
 * must take another unit, and be without a fault in the eyes of `checkFile`, SQLite's own check included, and now and
 * then of `graph.check`.
 *
 * @param folder that is emptied for it
 * @param sound backups of this recording that were found to be whole, by their bytes: most states have the same ones
 */
export async function verify(
  files: Files,
  told: Told,
  mode: Mode,
  folder: string,
  random: Random,
  sound: Set<string>,
): Promise<Verdict> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  const path = join(folder, GRAPH);
  // SQLite's shared memory survives as whatever the file system has made of it: here it begins with anything.
  if (random() < 0.5) {
    writeFileSync(`${path}-shm`, Uint32Array.of(random() * 2 ** 32, random() * 2 ** 32));
    truncateSync(`${path}-shm`, SHM_BYTES);
  }
  const problems: string[] = [];
  const found = { lost: 0, partial: 0, isDamaged: false, badCopies: 0, unacknowledged: 0 };
  let units: readonly number[] = [];
  try {
    const isFull = mode !== "normal";
    const background: unknown[] = [];
    const ledger = await opened(path, isFull, told.isIndexed, (error) => background.push(error));
    try {
      const state = await ledger.read();
      const { lost, partial, unacknowledged, problems: more } = check(state, told.progress());
      units = state.writers.map((writer) => writer.units);
      const gaps = told.gaps(units);
      const [incarnation] = (await ledger.store.current()).split(".");
      const isSame = incarnation === told.incarnation;
      Object.assign(found, { lost, partial: partial + gaps.length, unacknowledged });
      // Loss is what the lower settings allow: then it is counted, and is no problem.
      if (isFull || partial > 0) problems.push(...more);
      problems.push(...gaps);
      if (lost > 0 && isSame)
        problems.push("commits are gone, and tokens of theirs would be taken for those of later ones");
      if (isFull && told.incarnation !== undefined && !isSame)
        problems.push("tokens that were told are of an incarnation that is gone");
      problems.push(...(await indexProblems(ledger, state)));
      await ledger.write(0, (units[0] ?? 0) + 1, ["begin", "end"], () => {});
      // Most states differ in their last units alone: a whole check of each would take as long as all the rest.
      if ((units[0] ?? 0) % 8 === 0) problems.push(...(await ledger.check()));
    } finally {
      await ledger.close();
    }
    problems.push(...background.map((error) => `in the background: ${textOf(error)}`));
    const { findings } = await checkFile(path);
    problems.push(...findings.map(({ message }) => message));
  } catch (error) {
    found.isDamaged = true;
    problems.push(`it cannot be used: ${textOf(error)}`);
  }
  const copies = await copyProblems(folder, files, told, sound);
  found.badCopies = copies.length;
  if (problems.length > 0 && found.lost + found.partial === 0) found.isDamaged = true;
  return { ...found, units, problems: [...problems, ...copies] };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function opened(
  path: string,
  isFull: boolean,
  isIndexed: boolean,
  onError: (error: unknown) => void,
): Promise<GraphLedger> {
  return GraphLedger.open(
    path,
    {
      durability: isFull ? "full" : "normal",
      onError,
      environment: { ...LIMITS, boot: () => "after the power is back" },
    },
    isIndexed,
  );
}

/** What an index says and the records themselves do not, or the other way round. */
async function indexProblems(
  ledger: GraphLedger,
  state: Awaited<ReturnType<GraphLedger["read"]>>,
): Promise<string[]> {
  const problems: string[] = [];
  const held = state.writers.flatMap(({ batches }) => batches.flatMap(({ positions }) => positions));
  for (let position = 0; position < POSITIONS; position += 1) {
    const expected = held.filter((each) => each === position).length;
    const count = await ledger.itemsAt(position);
    if (count !== expected)
      problems.push(`${count} items are at ${position} by the index, ${expected} by reading`);
  }
  return problems;
}

/** A backup that is there under its own name is whole, and one that was acknowledged is there. */
async function copyProblems(folder: string, files: Files, told: Told, sound: Set<string>): Promise<string[]> {
  const problems: string[] = [];
  for (const [name, { acknowledged, isComplete }] of told.copies) {
    const bytes = files.get(name);
    if (bytes === undefined) {
      if (isComplete) problems.push(`the backup ${name} was acknowledged and is not there`);
      continue;
    }
    const hash = createHash("sha1").update(bytes).digest("hex");
    if (sound.has(hash)) continue;
    const before = problems.length;
    try {
      const ledger = await opened(join(folder, name), true, false, ignore);
      try {
        const progress = told.progress().map((writer, number) => ({
          ...writer,
          acknowledged: acknowledged[number] ?? 0,
        }));
        const { problems: more } = check(await ledger.read(), progress);
        const wrong = [...more, ...(await ledger.check())];
        problems.push(...wrong.map((problem) => `the backup ${name}: ${problem}`));
      } finally {
        await ledger.close();
      }
      const { findings } = await checkFile(join(folder, name));
      problems.push(...findings.map(({ message }) => `the backup ${name}: ${message}`));
    } catch (error) {
      problems.push(`the backup ${name} cannot be used: ${textOf(error)}`);
    }
    if (problems.length === before) sound.add(hash);
  }
  return problems;
}

/** What is wrong with a copy is found by checking it. */
function ignore(): void {}

export const NO_UNITS: readonly number[] = Array(WRITERS).fill(0);
