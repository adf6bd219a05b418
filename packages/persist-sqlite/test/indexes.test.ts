import { GraphError, type Id } from "@rootwalk/core/store";
import { describe, expect, test } from "vitest";
import type { IndexProgress } from "../src/index.ts";
import { Database } from "./database.ts";
import { catalog, index, opened, type StoreClient, session, storeOf, temporaryFile } from "./support.ts";

const withIndex = (...indexes: ReturnType<typeof index>[]) => ({
  ...catalog,
  indexes: [...catalog.indexes, ...indexes],
});
const byName = index("Person", ["name"]);
const uniqueName = index("Person", ["name"], { unique: true });

/** People with names that sort in another order than they were made. */
async function people(client: StoreClient, count: number): Promise<{ id: Id; name: string }[]> {
  const draft = client.draft();
  const made = Array.from({ length: count }, (_, i) => {
    const name = `p${String((i * 7919) % count).padStart(5, "0")}`;
    return { id: draft.node(i % 3 === 0 ? "Employee" : "Person", { name }), name };
  });
  for (let i = 0; i < count; i += 2) draft.node("Room", { name: `room ${i}` });
  await client.commit(draft);
  return made;
}

const steps = { environment: { indexStep: 100 } };

describe("a new index over records that are there", () => {
  test("is built beside the traffic, with progress, and lookups are right all the while", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const made = await people(client, 900);
    const sorted = made.toSorted((x, y) => (x.name < y.name ? -1 : 1)).map(({ id }) => id);
    await client.store.close();

    const progress: IndexProgress[] = [];
    const store = storeOf(path, { ...steps, onProgress: (step) => progress.push(step) });
    await store.open(withIndex(byName));
    expect(progress.at(-1)?.done).toBeLessThan(progress.at(-1)?.total ?? 0);
    const lookup = async (equals: unknown[] = []) => [
      ...(await store.lookup({ index: "Person.name", equals, order: "asc", limit: 1_000 })).rows.ids,
    ];
    let rounds = 0;
    for (let done = false; !done; rounds++) {
      expect(await lookup()).toEqual(sorted);
      expect(await lookup(["p00007"])).toEqual(
        made.filter(({ name }) => name === "p00007").map(({ id }) => id),
      );
      await new Promise((resolve) => setImmediate(resolve));
      done = progress.at(-1)?.done === progress.at(-1)?.total;
    }
    expect(rounds).toBeGreaterThan(3);
    expect(progress.map(({ done }) => done)).toEqual(
      progress.map(({ done }) => done).toSorted((x, y) => x - y),
    );
    expect(await lookup()).toEqual(sorted);
    const before = store.counters.rowsRead;
    await store.lookup({ index: "Person.name", equals: [], order: "desc", limit: 20 });
    expect(store.counters.rowsRead - before).toBe(21);
  });

  test("takes in what is written, changed and deleted while it is built, by other processes too", async () => {
    const path = temporaryFile();
    const other = await session(path);
    const made = await people(other, 600);
    const store = storeOf(path, steps);
    await store.open(withIndex(byName));
    for (const [i, { id, name }] of made.entries()) {
      if (i % 50 === 0)
        await other.commit(
          other.draft().write(i % 3 === 0 ? "Employee" : "Person", id, 1, { name: `${name} x` }),
        );
      if (i % 50 === 1) await other.commit(other.draft().remove(i % 3 === 0 ? "Employee" : "Person", id));
      if (i % 50 === 2) await other.newNode("Person", { name: `new ${i}` });
      if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(async () => isComplete(path, "Person.name")).toBe(true);
    const found = await store.lookup({ index: "Person.name", equals: [], order: "asc", limit: 5_000 });
    const names = found.rows.fields.map((fields) => (fields as { name: string }).name);
    expect(names).toEqual(names.toSorted());
    expect(found.rows.length).toBe(600);
    expect(names.filter((name) => name.endsWith(" x"))).toHaveLength(12);
  });

  test("goes on after the process that built it ended", async () => {
    const path = temporaryFile();
    const client = await session(path);
    await people(client, 900);
    const first = storeOf(path, steps);
    await first.open(withIndex(byName));
    await new Promise((resolve) => setImmediate(resolve));
    await first.close();
    expect(isComplete(path, "Person.name")).toBe(false);
    const progress: IndexProgress[] = [];
    await opened(path, { ...steps, onProgress: (step) => progress.push(step) });
    await expect.poll(() => isComplete(path, "Person.name")).toBe(true);
    expect(progress[0]?.done).toBeGreaterThan(100);
  });
});

describe("a new unique index over records that are there", () => {
  test("is complete before the store is open", async () => {
    const path = temporaryFile();
    const client = await session(path);
    await people(client, 900);
    await client.store.close();
    const progress: IndexProgress[] = [];
    const store = storeOf(path, { ...steps, onProgress: (step) => progress.push(step) });
    const { catalog: joined } = await store.open(withIndex(uniqueName));
    expect(progress.length).toBeGreaterThan(5);
    expect(joined.indexes.find(({ name }) => name === "Person.name")?.unique).toBe(true);
    expect(isComplete(path, "Person.name")).toBe(true);
  });

  test.each([
    ["few records", 30],
    ["many records", 900],
  ])("is refused where two of %s have one key, and tells which", async (_, count) => {
    const path = temporaryFile();
    const client = await session(path);
    const made = await people(client, count);
    const twin = await client.newNode("Employee", { name: "p00007" });
    const absent = [await client.newNode("Person"), await client.newNode("Person")];
    const refused = storeOf(path, steps);
    const error = await Promise.resolve()
      .then(() => refused.open(withIndex(uniqueName)))
      .then(
        () => undefined,
        (reason: unknown) => reason as GraphError,
      );
    expect(error).toBeInstanceOf(GraphError);
    expect(error).toMatchObject({ code: "RW_STORE_CATALOG", details: { index: "Person.name" } });
    const { duplicates } = (error as GraphError).details as {
      duplicates: { values: unknown[]; ids: Id[] }[];
    };
    const first = made.find(({ name }) => name === "p00007")?.id;
    expect(duplicates).toEqual([{ values: ["p00007"], ids: expect.arrayContaining([first, twin]) }]);

    // Nothing of it stays, and once the records differ it can be had.
    const store = await opened(path, steps);
    expect((await client.scan({ type: "Employee", limit: 1_000 })).ids).toContain(twin);
    await client.newNode("Person", { name: "p00008" });
    await client.commit(client.draft().remove("Employee", twin));
    const again = made.find(({ name }) => name === "p00008")?.id as Id;
    await client.commit(client.draft().remove((await client.node(again))?.type as string, again));
    await store.open(withIndex(uniqueName));
    expect((await client.nodes(...absent)).length).toBe(2);
    const taken = client.draft();
    taken.node("Person", { name: "p00008" });
    expect((await client.offer(taken)).status).toBe("duplicate");
  });

  test("takes the place of one that was not unique, and the other way round", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const ids = [
      await client.newNode("Person", { name: "b" }),
      await client.newNode("Person", { name: "a" }),
    ];
    const find = async (): Promise<readonly Id[]> => {
      const { rows } = await store.lookup({ index: "Person.name", equals: [], order: "asc", limit: 10 });
      return [...rows.ids];
    };
    const store = storeOf(path, steps);
    for (const declared of [byName, uniqueName, byName, uniqueName]) {
      const { catalog: joined } = await store.open(withIndex(declared));
      expect(joined.indexes.filter(({ name }) => name === "Person.name")).toEqual([declared]);
      expect(await find()).toEqual([ids[1], ids[0]]);
      const twin = client.draft();
      const id = twin.node("Person", { name: "a" });
      const { status } = await client.offer(twin);
      expect(status).toBe(declared.unique ? "duplicate" : "committed");
      if (status === "committed") await client.commit(client.draft().remove("Person", id));
    }
  });
});

describe("key columns", () => {
  test("are shared by indexes of types that have no records in common", async () => {
    const path = temporaryFile();
    await opened(path, {}, withIndex(byName, index("Root", ["label"]), index("Employee", ["badge"])));
    const database = new Database(path, { readonly: true });
    const slots = new Map(
      database.prepare("SELECT name, slot FROM indexes").raw().all() as [string, number][],
    );
    database.close();
    // Three indexes of people and one more, one of employees, beside rooms and roots, which begin again.
    expect(slots.get("Person.name")).toBe(4);
    expect(slots.get("Employee.badge")).toBe(5);
    expect(slots.get("Root.label")).toBe(1);
    expect(slots.get("Room.name@owner")).toBe(1);
  });

  test("hold the keys of a subtype that came later", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const visitor = {
      ...catalog.types.find(({ name }) => name === "Employee"),
      name: "Visitor",
    } as (typeof catalog.types)[number];
    const other = await client.connected({ ...catalog, types: [...catalog.types, visitor] });
    const id = await other.newNode("Visitor", { email: "v@x", value: 3 });
    expect((await client.lookup({ index: "Person.value", equals: [3] })).ids).toEqual([id]);
    const taken = client.draft();
    taken.node("Person", { email: "v@x" });
    expect(await client.offer(taken)).toMatchObject({ status: "duplicate", index: "Person.email" });
  });
});

function isComplete(path: string, name: string): boolean {
  const database = new Database(path, { readonly: true });
  const built = database.prepare("SELECT built FROM indexes WHERE name = ?").pluck().all(name);
  database.close();
  return built.length === 1 && built[0] === null;
}
