import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Random, randomInt } from "../random.ts";
import { Disk, type Files } from "./disk.ts";
import { MARKS, type Mark, Told } from "./marks.ts";
import { compileRecorder, record } from "./recorder.ts";
import { type RecordedEvent, readRecording } from "./recording.ts";
import { NO_UNITS, type Verdict, verify } from "./verify.ts";
import { GRAPH, type Mode, type Order } from "./workload.ts";

export interface LossOptions {
  /** The compiled entry of the child. */
  readonly child: string;
  readonly folder: string;
  /** How many states of each mode. */
  readonly states: Readonly<Partial<Record<Mode, number>>>;
  readonly random: Random;
  readonly onProblem?: (mode: Mode, problem: string) => void;
}

export interface LossCounts {
  /** Disks that were rebuilt and opened. */
  states: number;
  recordings: number;
  /** Writes, removals and syncs that were recorded. */
  events: number;
  syncs: number;
  /** States in which at least one write or name was not synced yet: the others prove nothing. */
  unsynced: number;
  /** States in which acknowledged units are gone, and how many over all. */
  losing: number;
  lost: number;
  /** States with units in part, or with later ones where earlier ones are gone. */
  partial: number;
  /** States that cannot be used, or hold what should not be there. */
  damaged: number;
  /** States without an acknowledged backup, or with one that is not whole. */
  badCopies: number;
  /** States in which units are there that were not acknowledged yet. */
  unacknowledgedKept: number;
}

const CUTS_PER_RECORDING = 250;
/** Recordings of one graph after the other; each begins with what a power loss has left of the one before. */
const CHAIN = 4;
const UNITS_EACH = 10;
/** So long a log is written back when the graph is closed and not before, so short a one every few units. */
const CHECKPOINT_PAGES = [1_000, 64] as const;

/** Makes recordings, lets the power go at random moments of them, and adds up what was found. */
export async function powerLosses(options: LossOptions): Promise<Map<Mode, LossCounts>> {
  const library = await compileRecorder(join(options.folder, "recorder.so"));
  const counts = new Map<Mode, LossCounts>();
  for (const [mode, states] of Object.entries(options.states) as [Mode, number][]) {
    counts.set(mode, await new Losses(mode, library, options).run(states));
  }
  return counts;
}

/** What a power loss has left, from which the next recording goes on. */
interface Left {
  readonly files: Files;
  readonly units: readonly number[];
}

const NOTHING: Left = { files: new Map(), units: NO_UNITS };

class Losses {
  readonly #mode: Mode;
  readonly #library: string;
  readonly #options: LossOptions;
  readonly #counts: LossCounts = {
    states: 0,
    recordings: 0,
    events: 0,
    syncs: 0,
    unsynced: 0,
    losing: 0,
    lost: 0,
    partial: 0,
    damaged: 0,
    badCopies: 0,
    unacknowledgedKept: 0,
  };

  constructor(mode: Mode, library: string, options: LossOptions) {
    this.#mode = mode;
    this.#library = library;
    this.#options = options;
  }

  async run(states: number): Promise<LossCounts> {
    let left = NOTHING;
    for (let recording = 0; this.#counts.states < states; recording += 1) {
      if (recording % CHAIN === 0) left = NOTHING;
      const cuts = Math.min(CUTS_PER_RECORDING, states - this.#counts.states);
      left = await this.#cut(left, await this.#record(left, recording), cuts);
    }
    return this.#counts;
  }

  async #record(left: Left, recording: number): Promise<RecordedEvent[]> {
    const folder = join(this.#options.folder, "recorded");
    const log = join(this.#options.folder, "log");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const [name, bytes] of left.files) writeFileSync(join(folder, name), bytes);
    const order: Order = {
      folder,
      mode: this.#mode,
      units: left.units,
      unitsEach: UNITS_EACH,
      copies: `copy-${recording}`,
      // What never syncs is damaged by checkpoints above all.
      checkpointPages: CHECKPOINT_PAGES[this.#mode === "off" || recording % 2 === 1 ? 1 : 0],
    };
    const { child } = this.#options;
    await record({ child, args: [JSON.stringify(order)], library: this.#library, folder, log });
    const events = readRecording(readFileSync(log));
    requireComplete(events, left.files, folder);
    this.#counts.recordings += 1;
    this.#counts.events += events.length;
    this.#counts.syncs += events.filter(({ kind }) => kind === "sync ended").length;
    return events;
  }

  /** Lets the power go so many times; gives what one of them has left. */
  async #cut(before: Left, events: readonly RecordedEvent[], cuts: number): Promise<Left> {
    const { random, folder } = this.#options;
    const moments = Array.from({ length: cuts }, () => 1 + randomInt(random, events.length));
    const chosen = randomInt(random, cuts);
    const disk = new Disk(before.files);
    const told = new Told(before.units);
    const sound = new Set<string>();
    let next = NOTHING;
    let at = 0;
    let marks: number | undefined;
    for (const [cut, moment] of moments.sort((a, b) => a - b).entries()) {
      for (; at < moment; at += 1) {
        const event = events[at] as RecordedEvent;
        disk.apply(event);
        if (event.kind === "created" && event.name === MARKS) marks = event.file;
        if (event.kind === "written" && event.file === marks)
          told.hear(JSON.parse(event.bytes.toString()) as Mark);
      }
      const files = onDisk(disk.afterPowerLoss(random));
      const verdict = await verify(files, told, this.#mode, join(folder, "state"), random, sound);
      this.#count(verdict, disk.hasUnsynced(isKept));
      for (const problem of verdict.problems)
        this.#options.onProblem?.(
          this.#mode,
          `${this.#mode}, event ${moment} of ${events.length}: ${problem}`,
        );
      const isSound = verdict.problems.length === 0 && verdict.units.length > 0;
      if (cut === chosen && isSound && this.#mode !== "off")
        next = { files: graphOf(files), units: verdict.units };
    }
    return next;
  }

  #count(verdict: Verdict, isUnsynced: boolean): void {
    const counts = this.#counts;
    counts.states += 1;
    counts.lost += verdict.lost;
    if (isUnsynced) counts.unsynced += 1;
    if (verdict.lost > 0) counts.losing += 1;
    if (verdict.partial > 0) counts.partial += 1;
    if (verdict.isDamaged) counts.damaged += 1;
    if (verdict.badCopies > 0) counts.badCopies += 1;
    if (verdict.unacknowledged > 0) counts.unacknowledgedKept += 1;
  }
}

/** The marks are the test's own; shared memory is made anew whatever is left of it. */
function isKept(name: string): boolean {
  return name !== MARKS && !name.endsWith("-shm");
}

/** Without the backups: each recording takes its own. */
function graphOf(files: Files): Files {
  return new Map([...files].filter(([name]) => name.startsWith(GRAPH)));
}

function onDisk(files: Files): Files {
  return new Map([...files].filter(([name]) => isKept(name)));
}

/** A recording from which the files cannot be made again has missed something. */
function requireComplete(events: readonly RecordedEvent[], before: Files, folder: string): void {
  const disk = new Disk(before);
  for (const event of events) disk.apply(event);
  const made = onDisk(disk.cached());
  const names = readdirSync(folder).filter(isKept);
  const different = names.filter((name) => !made.get(name)?.equals(readFileSync(join(folder, name))));
  if (different.length > 0 || names.length !== made.size)
    throw new Error(`the recording is not what happened: ${[...different, ...made.keys()].join(", ")}`);
}
