import { join } from "node:path";
import Database from "better-sqlite3";
import { type Durability, WRITERS } from "../crash/ledger.ts";
import { GraphLedger } from "../crash/ours-ledger.ts";
import { MARKS, MarkWriter } from "./marks.ts";

/** `"off"` is the control that must be caught: a graph that believes in full durability, over SQLite that never syncs. */
export type Mode = Durability | "off";

/** What the recorded process is to do, as JSON. */
export interface Order {
  readonly folder: string;
  readonly mode: Mode;
  /** For each writer, the units that are there already. */
  readonly units: readonly number[];
  /** Units of each writer, for each time that the graph is opened. */
  readonly unitsEach: number;
  /** What its backups are called, before a number. */
  readonly copies: string;
  /** Few, so that a short run has many checkpoints, or so many that it has none but those of closing. */
  readonly checkpointPages: number;
}

export const GRAPH = "graph.db";

/** Small, so that a short run trims its commit records and builds its index in many steps. */
export const LIMITS = { keptCommits: 40, indexStep: 12 };

const PURGED_ROWS = 64;

class NeverSyncing extends Database {
  override exec(sql: string): this {
    return super.exec(sql.replace(/synchronous = \w+/, "synchronous = OFF"));
  }
}

/**
 * Opens the graph twice, the second time with an index that is not there yet at first, and has all writers work at once,
 * so that their units commit in groups; copies the file meanwhile, removes what was deleted, and closes the graph.
 */
export async function work({
  folder,
  mode,
  units,
  unitsEach,
  copies,
  checkpointPages,
}: Order): Promise<void> {
  const marks = new MarkWriter(join(folder, MARKS));
  const done = [...units];
  for (const isIndexed of [false, true]) {
    marks.tell({ kind: "opening", isIndexed });
    const ledger = await GraphLedger.open(
      join(folder, GRAPH),
      {
        durability: mode === "normal" ? "normal" : "full",
        ...(mode === "off" && { driver: NeverSyncing }),
        environment: { ...LIMITS, checkpointPages },
      },
      isIndexed,
    );
    const [incarnation = ""] = (await ledger.store.current()).split(".");
    marks.tell({ kind: "opened", incarnation });

    const write = async (writer: number): Promise<void> => {
      for (let unit = 0; unit < unitsEach; unit += 1) {
        const seq = (done[writer] ?? 0) + 1;
        marks.tell({ kind: "begun", writer, seq });
        await ledger.write(writer, seq, ["begin", "end"], () => {});
        marks.tell({ kind: "acknowledged", writer, seq });
        done[writer] = seq;
        // In step the writers would stay one group.
        if ((seq + writer) % 3 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
        if (writer === 0) await ledger.store.purge(PURGED_ROWS);
        if (writer === 1 && unit === unitsEach >> 1) await copy(`${copies}-${isIndexed ? 2 : 1}`);
      }
    };
    const copy = async (name: string): Promise<void> => {
      marks.tell({ kind: "copying", name });
      await ledger.store.backup(join(folder, name));
      marks.tell({ kind: "copied", name });
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    await ledger.close();
    marks.tell({ kind: "closed" });
  }
  marks.close();
}
