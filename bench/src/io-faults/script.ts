import { existsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { CommitUnknownError, GraphError } from "@rootwalk/core";
import { type Durability, WRITERS } from "../crash/ledger.ts";
import { GraphLedger } from "../crash/ours-ledger.ts";

/** What the process that meets the fault is to do, as JSON. */
export interface Order {
  readonly folder: string;
  readonly durability: Durability;
}

/** What it tells, a line of JSON each. */
export type Line =
  | { readonly kind: "begun" | "acknowledged"; readonly writer: number; readonly seq: number }
  /** A commit whose outcome was unknown, or that was refused, and whether the unit is there as the same graph sees it. */
  | {
      readonly kind: "unknown" | "failed";
      readonly writer: number;
      readonly seq: number;
      readonly isKept: boolean;
      readonly code: string;
    }
  /** Something else was refused: opening, a backup, a purge, closing. */
  | { readonly kind: "refused"; readonly what: string; readonly code: string }
  | { readonly kind: "copied"; readonly name: string }
  /** An error that is none of the library's own, or one too many. */
  | { readonly kind: "wrong"; readonly what: string }
  | { readonly kind: "done" };

export const GRAPH = "graph.db";

/** Units of each writer, for each time that the graph is opened. */
const UNITS_EACH = 2;
/** Units of each writer that are there in the end, whatever happened on the way. */
export const UNITS = 2 * UNITS_EACH;
const LIMITS = { keptCommits: 10, indexStep: 12, checkpointPages: 32 };
const PURGED_ROWS = 64;
/** A fault passes. One in a background thread may come on top. */
const ATTEMPTS = 4;

const STDOUT = 1;

function tell(line: Line): void {
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
}

/** Tries until it succeeds; every failure must be an error of the library's own. */
async function persist<T>(what: string, attempt: () => Promise<T> | T): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      tell(
        error instanceof GraphError
          ? { kind: "refused", what, code: error.code }
          : { kind: "wrong", what: `${what}: ${error}` },
      );
      if (tries === ATTEMPTS) throw error;
    }
  }
}

/** One unit, until it is there: with the same graph all the time. */
async function write(ledger: GraphLedger, writer: number, seq: number): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    tell({ kind: "begun", writer, seq });
    try {
      await ledger.write(writer, seq, ["begin", "end"], () => {});
      tell({ kind: "acknowledged", writer, seq });
      return;
    } catch (error) {
      if (!(error instanceof GraphError))
        tell({ kind: "wrong", what: `unit ${seq} of writer ${writer}: ${error}` });
      if (!(error instanceof GraphError) || tries === ATTEMPTS) throw error;
      const isKept = (await persist("reading", () => ledger.units(writer))) >= seq;
      const kind = error instanceof CommitUnknownError ? "unknown" : "failed";
      tell({ kind, writer, seq, isKept, code: error.code });
      if (isKept) return;
    }
  }
}

async function copy(ledger: GraphLedger, folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  await persist("backup", async () => {
    try {
      await ledger.store.backup(path);
    } catch (error) {
      if (existsSync(path)) tell({ kind: "wrong", what: `${name} is there although its backup failed` });
      throw error;
    }
  });
  tell({ kind: "copied", name });
}

/**
 * Opens a graph that is not there yet, has several writers commit in groups, takes a backup, removes what was deleted,
 * closes, and does it again with an index that is built meanwhile. Where something fails it goes on, as an app would.
 */
export async function followScript({ folder, durability }: Order): Promise<void> {
  let done = 0;
  for (const isIndexed of [false, true]) {
    const options = {
      durability,
      environment: LIMITS,
      onError: (error: unknown) =>
        tell({
          kind: error instanceof GraphError ? "refused" : "wrong",
          what: error instanceof GraphError ? "background" : `background: ${error}`,
          code: error instanceof GraphError ? error.code : "",
        } as Line),
    };
    const ledger = await persist("open", () => GraphLedger.open(join(folder, GRAPH), options, isIndexed));
    for (let unit = 1; unit <= UNITS_EACH; unit += 1) {
      const seq = done + unit;
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(ledger, writer, seq)));
    }
    done += UNITS_EACH;
    await copy(ledger, folder, isIndexed ? "second" : "first");
    await persist("purge", () => ledger.store.purge(PURGED_ROWS));
    await persist("close", () => ledger.close());
  }
  tell({ kind: "done" });
}
