import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import type { Random } from "../random.ts";
import { check } from "./check.ts";
import { journalLetter, readJournal } from "./journal.ts";
import { type Durability, type Subject, WRITERS } from "./ledger.ts";
import type { Conduct, Order } from "./writer.ts";

export interface CrashOptions {
  readonly subject: Subject;
  /** The compiled entry of a child that writes with the same subject. */
  readonly child: string;
  readonly folder: string;
  readonly rounds: number;
  /** Rounds take turns. */
  readonly durabilities: readonly Durability[];
  readonly conduct: Conduct;
  readonly random: Random;
  readonly onProblem?: (problem: string) => void;
}

export interface CrashCounts {
  rounds: number;
  /** Units whose acknowledgement arrived before the kill. */
  acknowledged: number;
  lost: number;
  partial: number;
  /** Files in which SQLite's own check found damage. */
  corrupt: number;
  /** Kills that hit at least one unit between its begin and its acknowledgement. */
  killsInOpenUnit: number;
  /** Kills that hit at least one unit between the end of its body and its acknowledgement. */
  killsInCommit: number;
  /** Units that were kept although the kill came before their acknowledgement. */
  unacknowledgedKept: number;
}

/** Kills on one file: the later ones hit a file that was recovered before. */
const ROUNDS_PER_FILE = 20;
/** A cold child needs some 30 ms for its first unit on a slow machine; most kills come after several. */
const LONGEST_RUN_MS = 150;

/** Runs the rounds and adds up what was found, for each durability. */
export async function crashRounds(options: CrashOptions): Promise<Map<Durability, CrashCounts>> {
  const files = new Map(
    options.durabilities.map((durability) => [durability, new CrashedFile(durability, options)]),
  );
  const inTurn = [...files.values()];
  let standby = startChild(options.child);
  for (let round = 0; round < options.rounds; round += 1) {
    const running = standby;
    // Started now, it is ready by the time this round's traces are read.
    standby = startChild(options.child);
    await inTurn[round % inTurn.length]?.round(running);
  }
  standby.kill("SIGKILL");
  for (const file of inTurn) file.remove();
  return new Map([...files].map(([durability, { counts }]) => [durability, counts]));
}

/** One file that is written, killed, reopened and compared, again and again. */
class CrashedFile {
  readonly counts: CrashCounts = {
    rounds: 0,
    acknowledged: 0,
    lost: 0,
    partial: 0,
    corrupt: 0,
    killsInOpenUnit: 0,
    killsInCommit: 0,
    unacknowledgedKept: 0,
  };
  readonly #durability: Durability;
  readonly #options: CrashOptions;
  readonly #file: string;
  #units: readonly number[] = Array(WRITERS).fill(0);

  constructor(durability: Durability, options: CrashOptions) {
    this.#durability = durability;
    this.#options = options;
    this.#file = join(options.folder, `${durability}.db`);
  }

  async round(child: ChildProcess): Promise<void> {
    const { counts } = this;
    if (counts.rounds % ROUNDS_PER_FILE === 0) await this.#startAfresh();
    const { conduct, random } = this.#options;
    const order: Order = { file: this.#file, durability: this.#durability, conduct, units: this.#units };
    // However slow the machine is, most kills come after something that can be lost; the others may hit the opening.
    const first = counts.rounds % 4 === 0 ? "begun" : "acknowledged";
    const progress = readJournal(
      await writeAndDie(child, order, first, random() * LONGEST_RUN_MS),
      this.#units,
    );

    counts.rounds += 1;
    counts.acknowledged += progress.reduce((sum, { acknowledged }, writer) => {
      return sum + acknowledged - (this.#units[writer] ?? 0);
    }, 0);
    if (progress.some(({ begun, acknowledged }) => begun > acknowledged)) counts.killsInOpenUnit += 1;
    if (progress.some(({ committing, acknowledged }) => committing > acknowledged)) counts.killsInCommit += 1;

    const ledger = await this.#options.subject.open(this.#file, this.#durability);
    const state = await ledger.read();
    const damage = await ledger.check();
    await ledger.close();
    if (damage.length > 0) counts.corrupt += 1;
    const { lost, partial, unacknowledged, problems } = check(state, progress);
    counts.lost += lost;
    counts.partial += partial;
    counts.unacknowledgedKept += unacknowledged;
    for (const problem of [...problems, ...damage]) this.#tell(problem);
    this.#units = state.writers.map(({ units }) => units);
    this.#lookInside();
    // What is broken stays broken: the next rounds would count it again.
    if (problems.length + damage.length > 0) await this.#startAfresh();
  }

  remove(): void {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(this.#file + suffix, { force: true });
  }

  async #startAfresh(): Promise<void> {
    this.remove();
    this.#units = Array(WRITERS).fill(0);
    const ledger = await this.#options.subject.open(this.#file, this.#durability);
    await ledger.close();
  }

  #lookInside(): void {
    const db = new Database(this.#file, { readonly: true });
    const answer = db.pragma("integrity_check", { simple: true });
    db.close();
    if (answer === "ok") return;
    this.counts.corrupt += 1;
    this.#tell(`integrity_check: ${answer}`);
  }

  #tell(problem: string): void {
    this.#options.onProblem?.(`round ${this.counts.rounds}, ${this.#durability}: ${problem}`);
  }
}

function startChild(entry: string): ChildProcess {
  return spawn(process.execPath, [entry], { stdio: ["pipe", "pipe", "inherit"] });
}

/** Lets the child write for a while after its first unit has come so far, kills it, and gives what it told. */
async function writeAndDie(
  child: ChildProcess,
  order: Order,
  first: "begun" | "acknowledged",
  afterMs: number,
): Promise<string> {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the child was started without pipes");
  const chunks: Buffer[] = [];
  const begun = new Promise<void>((resolve) => {
    stdout.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (first === "begun" || chunk.includes(journalLetter(first))) resolve();
    });
  });
  const ended = new Promise<number | null>((resolve) => void child.once("close", resolve));
  stdin.write(`${JSON.stringify(order)}\n`);
  const early = await Promise.race([begun, ended]);
  if (typeof early === "number") throw new Error(`the child ended by itself with status ${early}`);
  await sleep(afterMs);
  child.kill("SIGKILL");
  const status = await ended;
  if (status !== null) throw new Error(`the child ended by itself with status ${status}`);
  return Buffer.concat(chunks).toString();
}
