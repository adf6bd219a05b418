import { expect, test } from "vitest";
import { IdColumn, IdSource } from "../model/id.ts";
import { BatchDraft } from "../persistence/conformance/batch-draft.ts";
import { catalog } from "../persistence/conformance/catalog.ts";
import { memory } from "../persistence/memory-store.ts";
import type { Store } from "../persistence/store.ts";
import { type Fault, FaultyStore, type StoreMethod } from "./faulty-store.ts";

const ids = new IdSource();

/** A store whose first commit has the fault, and a batch of one node for it. */
async function withFault(fault: Fault) {
  const store = new FaultyStore(memory(), (method, count) =>
    method === "commit" && count === 0 ? fault : undefined,
  );
  await store.open(catalog);
  const draft = new BatchDraft(() => ids.nextId(), ids.nextId());
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
  store.releaseAll();
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
  const draft = new BatchDraft(() => ids.nextId(), ids.nextId());
  const node = draft.node("Person");
  const read = async () => (await store.readNodes(IdColumn.of(node))).rows.length;
  expect(await read()).toBe(0);
  await store.commit([draft.batch(await store.current())]);
  expect(await read()).toBe(0);
});

test("the nth call that reads rows can hang until it is released, and those before and after go well", async () => {
  const store = new FaultyStore(memory());
  await store.open(catalog);
  const read = async () => (await store.readNodes(new IdColumn())).rows.length;
  const planned = store.next("read", "hang", { nth: 2 });
  expect(await read()).toBe(0);
  let answered = false;
  const second = store
    .scan({ kind: "node", type: "Person", order: "asc", after: undefined, limit: 1 })
    .then(() => {
      answered = true;
    });
  await planned.reached;
  expect(await read()).toBe(0);
  expect(answered).toBe(false);
  planned.release();
  await second;
});

test("plans for the same calls count each for itself", async () => {
  const store = new FaultyStore(memory());
  await store.open(catalog);
  store.next("current", "fail-before");
  store.next("current", "fail-after", { nth: 3 });
  store.next("current", "fail-before");
  const ends = [];
  for (let i = 0; i < 4; i++)
    ends.push(
      await store.current().then(
        () => "well",
        (error: Error) => error.message.split(", ").at(-1),
      ),
    );
  expect(ends).toEqual(["and nothing was done", "and nothing was done", "and everything was done", "well"]);
  expect(() => store.next("commit", "hang", { nth: 0 })).toThrow(TypeError);
});

test("faults can be put on every call that the store has, and on no other", async () => {
  const file: Store = Object.assign(memory(), {
    readCatalog: () => ({ catalog, version: 1 }),
    refile: () => undefined,
  });
  const store = new FaultyStore(file);
  await store.open(catalog);
  const calls = {
    snapshot: async () => (await store.snapshot!()).close(),
    readCatalog: () => store.readCatalog!(),
    refile: () => store.refile!([]),
    purge: () => store.purge(1),
  };
  for (const [method, call] of Object.entries(calls)) {
    const planned = store.next(method as StoreMethod, "fail-before");
    await expect(call()).rejects.toThrow(`injected: ${method} failed`);
    await planned.reached;
    await call();
  }
  expect(file.lease).toBe(undefined);
  expect(() => store.next("lease", "fail-before")).toThrow(TypeError);
  expect(() => store.next("comit" as StoreMethod, "fail-before")).toThrow(TypeError);
});

test("a snapshot is read as the store's own", async () => {
  const store = new FaultyStore(memory());
  await store.open(catalog);
  const draft = new BatchDraft(() => ids.nextId(), ids.nextId());
  const node = draft.node("Person");
  await store.commit([draft.batch(await store.current())]);
  const snapshot = await store.snapshot!();
  expect([...(await snapshot.nodes(undefined, 10)).rows.ids]).toEqual([node]);
  expect((await snapshot.edges(undefined, 10)).rows.length).toBe(0);
  await snapshot.close();
});

test("of old answers the last hundred are kept", async () => {
  const answers: object[] = [];
  const stale = new Set<number>();
  const inner = memory();
  const store = new FaultyStore(
    Object.assign(inner, {
      changes: () => {
        const page = { commits: [], token: `${answers.length}`, more: false, catalogVersion: undefined };
        answers.push(page);
        return page;
      },
    }) as unknown as Store,
    (method, count) => (method === "changes" && stale.has(count) ? "stale-read" : undefined),
  );
  for (let i = 0; i <= 100; i++) await store.changes(`${i}`);
  stale.add(101).add(102);
  expect(await store.changes("1")).toBe(answers[1]);
  expect(await store.changes("0")).toBe(answers[101]);
});
