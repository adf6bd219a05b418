import { writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { journalLine, type Moment } from "./journal.ts";
import { type Durability, type Ledger, type Subject, WRITERS } from "./ledger.ts";

/**
 * How the child works. `"honest"` acknowledges what is committed. The others are controls that the check must catch:
 * `"early"` acknowledges before it commits, `"split"` commits each unit in two halves.
 */
export type Conduct = "honest" | "early" | "split";

/** What a child is told on its standard input, in one line of JSON. */
export interface Order {
  readonly file: string;
  readonly durability: Durability;
  readonly conduct: Conduct;
  /** For each writer, the units that are there already. */
  readonly units: readonly number[];
}

const STDOUT = 1;

/**
 * The child: waits for its order with everything loaded, then writes until it is killed.
 * It waits so that the next child can start while the last one's traces are still being read.
 */
export function runWriters(subject: Subject): void {
  // Nobody is left to kill this process when the other end is gone.
  process.stdin.once("end", () => process.exit(1));
  process.stdin.once("data", (line) => {
    void work(subject, JSON.parse(String(line)) as Order);
  });
}

async function work(subject: Subject, order: Order): Promise<void> {
  try {
    const ledger = await subject.open(order.file, order.durability);
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(ledger, order, writer));
    await Promise.all(writers);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

async function write(ledger: Ledger, { conduct, units }: Order, writer: number): Promise<never> {
  for (let seq = (units[writer] ?? 0) + 1; ; seq += 1) {
    // Synchronously, straight into the pipe: what a stream still buffers dies with the process.
    const tell = (moment: Moment) => writeSync(STDOUT, journalLine(moment, writer, seq));
    const committing = () => void tell("committing");
    tell("begun");
    if (conduct === "early") {
      tell("acknowledged");
      await setImmediate();
    }
    if (conduct === "split") {
      await ledger.write(writer, seq, ["begin"], committing);
      await setImmediate();
      await ledger.write(writer, seq, ["end"], committing);
    } else {
      await ledger.write(writer, seq, ["begin", "end"], committing);
    }
    tell("acknowledged");
  }
}
