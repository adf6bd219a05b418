import { edge, type Graph, node, openGraph, type Tx, via } from "@rootwalk/core";
import { type SqliteOptions, type SqliteStore, sqlite } from "@rootwalk/persist-sqlite";
import { z } from "zod";
import {
  ACCOUNTS,
  type BatchState,
  batchSize,
  KEPT_BATCHES,
  type Ledger,
  type LedgerState,
  type Step,
  type Subject,
  transfer,
  WRITERS,
  type WriterState,
} from "./ledger.ts";

/** @param isIndexed as a later version of the app declares them: with an index, which is built over what is there */
function ledgerTypes(isIndexed: boolean) {
  const unique = ["number"] as const;
  class Writer extends node("Writer", { number: z.int(), units: z.int().default(0) }, { unique }) {}
  class Account extends node("Account", { number: z.int(), balance: z.int().default(0) }, { unique }) {}
  class Batch extends node("Batch", { size: z.int() }) {}
  class Item extends node("Item", { position: z.int() }, { index: isIndexed ? ["position"] : [] }) {}
  class Wrote extends edge("Wrote", { seq: z.int() }, { from: Writer, to: Batch }) {}
  class Holds extends edge("Holds", {}, { from: Batch, to: Item }) {}
  return { Writer, Account, Batch, Item, Wrote, Holds };
}

type Types = ReturnType<typeof ledgerTypes>;
type Writer = InstanceType<Types["Writer"]>;

/** The ledger in a graph over SQLite, through the public API alone. */
export const oursSubject: Subject = {
  open: (file, durability) => GraphLedger.open(file, { durability }),
};

export class GraphLedger implements Ledger {
  readonly store: SqliteStore;
  readonly #graph: Graph;
  readonly #types: Types;

  private constructor(store: SqliteStore, graph: Graph, types: Types) {
    this.store = store;
    this.#graph = graph;
    this.#types = types;
  }

  /** @param options `onError` is also told of what fails in the graph's own background */
  static async open(file: string, options: SqliteOptions, isIndexed = false): Promise<GraphLedger> {
    const types = ledgerTypes(isIndexed);
    const store = sqlite(file, options);
    const { onError } = options;
    const graph = await openGraph({ types: Object.values(types), store, ...(onError && { onError }) });
    const ledger = new GraphLedger(store, graph, types);
    try {
      await graph.transaction((tx) => ledger.#create(tx));
    } catch (error) {
      // On a damaged file. What is left open would go on in the background.
      await graph.close();
      throw error;
    }
    return ledger;
  }

  async write(writer: number, seq: number, steps: readonly Step[], onBody: () => void): Promise<void> {
    await this.#graph.transaction(async (tx) => {
      const by = await tx.nodes(this.#types.Writer, { number: writer }).one();
      if (steps.includes("begin")) await this.#begin(tx, by, seq);
      if (steps.includes("end")) await this.#end(tx, by, seq);
      onBody();
    });
  }

  read(): Promise<LedgerState> {
    const { Writer, Account, Batch, Item } = this.#types;
    return this.#graph.transaction(async (tx) => {
      const writers: WriterState[] = [];
      for (const writer of await tx.nodes(Writer).orderBy("number").all())
        writers.push(await this.#writerState(writer));
      const accounts = await tx.nodes(Account).all();
      return {
        writers,
        batchCount: await tx.nodes(Batch).count(),
        itemCount: await tx.nodes(Item).count(),
        balance: accounts.reduce((sum, { balance }) => sum + balance, 0),
      };
    });
  }

  async check(): Promise<readonly string[]> {
    const { findings } = await this.#graph.check();
    return findings.map(({ message }) => message);
  }

  async close(): Promise<void> {
    await this.#graph.close();
  }

  /** How many units of a writer are there. */
  units(writer: number): Promise<number> {
    return this.#graph.transaction(
      async (tx) => (await tx.nodes(this.#types.Writer, { number: writer }).one()).units,
    );
  }

  /** How many items have this position, told by an index where there is one. */
  itemsAt(position: number): Promise<number> {
    return this.#graph.nodes(this.#types.Item, { position }).count();
  }

  async #create(tx: Tx): Promise<void> {
    const { Writer, Account } = this.#types;
    if (await tx.nodes(Writer).exists()) return;
    for (let number = 0; number < WRITERS; number += 1) tx.create(Writer, { number });
    for (let number = 0; number < ACCOUNTS; number += 1) tx.create(Account, { number });
  }

  async #begin(tx: Tx, writer: Writer, seq: number): Promise<void> {
    const { Account, Batch, Item, Wrote, Holds } = this.#types;
    const size = batchSize(writer.number, seq);
    const { from, amount } = transfer(writer.number, seq);
    writer.units = seq;
    const batch = writer.connect(Batch, { size }, via(Wrote, { seq }));
    for (let position = 0; position < size; position += 1) batch.connect(Item, { position }, via(Holds));
    (await tx.nodes(Account, { number: from }).one()).balance -= amount;
  }

  async #end(tx: Tx, writer: Writer, seq: number): Promise<void> {
    const { Account, Wrote, Holds } = this.#types;
    const { to, amount } = transfer(writer.number, seq);
    (await tx.nodes(Account, { number: to }).one()).balance += amount;
    const oldest = await writer.out(Wrote, { seq: seq - KEPT_BATCHES }).first();
    if (oldest === undefined) return;
    for (const item of await oldest.out(Holds).all()) item.delete();
    oldest.delete();
  }

  async #writerState(writer: Writer): Promise<WriterState> {
    const { Wrote, Holds } = this.#types;
    const batches: BatchState[] = [];
    for (const { edge: wrote, node: batch } of await writer.out(Wrote).pairs().all()) {
      const items = await batch.out(Holds).all();
      batches.push({ seq: wrote.seq, size: batch.size, positions: items.map(({ position }) => position) });
    }
    return { units: writer.units, batches };
  }
}
