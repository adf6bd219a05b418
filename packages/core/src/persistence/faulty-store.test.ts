import { expect, test } from "vitest";
import { IdColumn, IdSource } from "../model/id.ts";
import { catalog } from "./conformance/catalog.ts";
import { Draft } from "./conformance/draft.ts";
import { type Fault, FaultyStore } from "./faulty-store.ts";
import { memory } from "./memory-store.ts";

const ids = new IdSource();

/** A store whose first commit has the fault, and a batch of one node for it. */
async function withFault(fault: Fault) {
  const store = new FaultyStore(memory(), (method, count) =>
    method === "commit" && count === 0 ? fault : undefined,
  );
  await store.open(catalog);
  const draft = new Draft(() => ids.nextId(), ids.nextId());
  const node = draft.node("Person");
  const edge = draft.edge("Knows", node, node);
  return { store, draft, node, edge, batch: draft.batch(await store.current()) };
}

test("a failure before leaves nothing done, one after leaves all done", async () => {
  for (const [fault, outcome] of [
    ["fail-before", "absent"],
    ["fail-after", "committed"],
  ] as const) {
    const { store, draft, batch } = await withFault(fault);
    await expect(store.commit([batch])).rejects.toThrow("injected");
    expect(await store.outcome(draft.unitId)).toBe(outcome);
    await store.commit([batch]);
    expect(await store.outcome(draft.unitId)).toBe("committed");
  }
});

test("a slow call is done at once and answered when it is released", async () => {
  const { store, draft, batch } = await withFault("slow");
  let answered = false;
  const answer = store.commit([batch]).then(() => {
    answered = true;
  });
  expect(await store.outcome(draft.unitId)).toBe("committed");
  expect(answered).toBe(false);
  store.releaseSlow();
  await answer;
});

test("a call that hangs does nothing, and others go on beside it", async () => {
  const { store, draft, batch } = await withFault("hang");
  void store.commit([batch]);
  expect(await store.outcome(draft.unitId)).toBe("absent");
});

test("of a partial batch only the nodes arrive", async () => {
  const { store, node, edge, batch } = await withFault("partial-batch");
  await store.commit([batch]);
  expect((await store.readNodes(IdColumn.of(node))).rows.length).toBe(1);
  expect((await store.readEdges(IdColumn.of(edge))).rows.length).toBe(0);
});

test("a stale read answers what the same question was answered before", async () => {
  const store = new FaultyStore(memory(), (method) => (method === "readNodes" ? "stale-read" : undefined));
  await store.open(catalog);
  const draft = new Draft(() => ids.nextId(), ids.nextId());
  const node = draft.node("Person");
  const read = async () => (await store.readNodes(IdColumn.of(node))).rows.length;
  expect(await read()).toBe(0);
  await store.commit([draft.batch(await store.current())]);
  expect(await read()).toBe(0);
});
