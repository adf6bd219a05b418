import { edge, type Graph, node, openGraph, type Tx, via } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
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

class Writer extends node("Writer", { number: z.int(), units: z.int().default(0) }, { unique: ["number"] }) {}
class Account extends node(
  "Account",
  { number: z.int(), balance: z.int().default(0) },
  { unique: ["number"] },
) {}
class Batch extends node("Batch", { size: z.int() }) {}
class Item extends node("Item", { position: z.int() }) {}
class Wrote extends edge("Wrote", { seq: z.int() }, { from: Writer, to: Batch }) {}
class Holds extends edge("Holds", {}, { from: Batch, to: Item }) {}

/** The ledger in a graph over SQLite, through the public API alone. */
export const oursSubject: Subject = {
  async open(file, durability) {
    const types = [Writer, Account, Batch, Item, Wrote, Holds];
    const graph = await openGraph({ types, store: sqlite(file, { durability }) });
    await graph.transaction(create);
    return new GraphLedger(graph);
  },
};

class GraphLedger implements Ledger {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  async write(writer: number, seq: number, steps: readonly Step[], onBody: () => void): Promise<void> {
    await this.#graph.transaction(async (tx) => {
      const by = await tx.nodes(Writer, { number: writer }).one();
      if (steps.includes("begin")) await begin(tx, by, seq);
      if (steps.includes("end")) await end(tx, by, seq);
      onBody();
    });
  }

  read(): Promise<LedgerState> {
    return this.#graph.transaction(async (tx) => {
      const writers: WriterState[] = [];
      for (const writer of await tx.nodes(Writer).orderBy("number").all())
        writers.push(await writerState(writer));
      const accounts = await tx.nodes(Account).all();
      return {
        writers,
        batchCount: await tx.nodes(Batch).count(),
        itemCount: await tx.nodes(Item).count(),
        balance: accounts.reduce((sum, { balance }) => sum + balance, 0),
      };
    });
  }

  async close(): Promise<void> {
    await this.#graph.close();
  }
}

async function create(tx: Tx): Promise<void> {
  if (await tx.nodes(Writer).exists()) return;
  for (let number = 0; number < WRITERS; number += 1) tx.create(Writer, { number });
  for (let number = 0; number < ACCOUNTS; number += 1) tx.create(Account, { number });
}

async function begin(tx: Tx, writer: Writer, seq: number): Promise<void> {
  const size = batchSize(writer.number, seq);
  const { from, amount } = transfer(writer.number, seq);
  writer.units = seq;
  const batch = writer.connect(Batch, { size }, via(Wrote, { seq }));
  for (let position = 0; position < size; position += 1) batch.connect(Item, { position }, via(Holds));
  (await tx.nodes(Account, { number: from }).one()).balance -= amount;
}

async function end(tx: Tx, writer: Writer, seq: number): Promise<void> {
  const { to, amount } = transfer(writer.number, seq);
  (await tx.nodes(Account, { number: to }).one()).balance += amount;
  const oldest = await writer.out(Wrote, { seq: seq - KEPT_BATCHES }).first();
  if (oldest === undefined) return;
  for (const item of await oldest.out(Holds).all()) item.delete();
  oldest.delete();
}

async function writerState(writer: Writer): Promise<WriterState> {
  const batches: BatchState[] = [];
  for (const { edge: wrote, node: batch } of await writer.out(Wrote).pairs().all()) {
    const items = await batch.out(Holds).all();
    batches.push({ seq: wrote.seq, size: batch.size, positions: items.map(({ position }) => position) });
  }
  return { units: writer.units, batches };
}
