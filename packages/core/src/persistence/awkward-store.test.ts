import { expect, test } from "vitest";
import { IdColumn, IdSource } from "../model/id.ts";
import { type AwkwardBase, awkwardBase } from "./awkward-store.ts";
import { BatchDraft } from "./conformance/batch-draft.ts";
import { catalog } from "./conformance/catalog.ts";
import { GuardList } from "./conformance/guard-list.ts";
import type { Store } from "./store.ts";

const ids = new IdSource();

async function client(base: AwkwardBase): Promise<Store> {
  const store = base.connect();
  await store.open(catalog);
  return store;
}

function draftOf(fields = {}): { draft: BatchDraft; id: string } {
  const draft = new BatchDraft(() => ids.nextId(), ids.nextId());
  return { draft, id: draft.node("Person", fields) };
}

/** In which order calls that were made together are answered. */
async function answerOrder(seed: number): Promise<number[]> {
  const store = await client(awkwardBase({ seed }));
  const order: number[] = [];
  const ask = async (i: number): Promise<void> => {
    await store.current();
    order.push(i);
  };
  await Promise.all(Array.from({ length: 12 }, (_, i) => ask(i)));
  return order;
}

test("every call is answered in a later task", async () => {
  const tasks: (() => void)[] = [];
  const store = awkwardBase({ defer: (task) => tasks.push(task) }).connect();
  let answered = false;
  const answer = Promise.resolve(store.open(catalog)).then(() => {
    answered = true;
  });
  for (let i = 0; i < 100; i++) await Promise.resolve();
  expect(answered).toBe(false);
  while (tasks.length > 0) tasks.shift()?.();
  await answer;
});

test("calls that were made together are answered in an order that the seed decides", async () => {
  const orders = await Promise.all([1, 2, 3].map(answerOrder));
  for (const order of orders) expect(order.toSorted((a, b) => a - b)).not.toEqual(order);
  expect(orders[0]).not.toEqual(orders[1]);
  expect(await answerOrder(1)).toEqual(orders[0]);
});

test("rows are fresh copies on their way in and out", async () => {
  const store = await client(awkwardBase());
  const inner = { list: [1, new Date(5)] };
  const { draft, id } = draftOf({ name: inner });
  const committed = store.commit([draft.batch(await store.current())]);
  inner.list.push(2);
  await committed;
  const read = async () => (await store.readNodes(IdColumn.of(id))).rows;
  const [first, second] = [await read(), await read()];
  expect(first.fields[0]).toEqual({ name: { list: [1, new Date(5)] } });
  expect(second.fields[0]).toEqual(first.fields[0]);
  expect(second.fields[0]).not.toBe(first.fields[0]);
  expect(second.access[0]).not.toBe(first.access[0]);
});

test("a new incarnation loses every token from before", async () => {
  const base = awkwardBase();
  const store = await client(base);
  const before = await store.current();
  base.reincarnate();
  expect(await store.changes(before)).toBe("lost");
  expect(await store.current()).not.toBe(before);
  const { draft } = draftOf();
  const guards = new GuardList({ kind: "type", record: "node", type: "Room" });
  expect(await store.commit([draft.batch(before, guards)])).toEqual([{ status: "conflict" }]);
});

test("each client counts what it did itself", async () => {
  const base = awkwardBase();
  const [busy, idle] = [await client(base), await client(base)];
  await busy.commit([draftOf().draft.batch(await busy.current())]);
  expect([busy.counters.transactions, idle.counters.transactions]).toEqual([1, 0]);
});
