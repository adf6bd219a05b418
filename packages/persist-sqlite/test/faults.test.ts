import { CommitUnknownError, GraphError } from "@rootwalk/core/store";
import { describe, expect, test } from "vitest";
import { Database } from "./database.ts";
import { session, storeOf, temporaryFile, turnsDuring } from "./support.ts";

/** An error as SQLite's own would be. */
function sqliteError(code: string): Error {
  return Object.assign(new Error("disk I/O error"), { code });
}

/** A library whose next COMMIT fails when it is told to: before anything reaches the file, or after everything has. */
function failing() {
  const fault: { next: "none" | "before" | "after"; opened: number } = { next: "none", opened: 0 };
  class Failing extends Database {
    constructor(path: string) {
      super(path);
      fault.opened += 1;
    }
    override prepare(sql: string): never {
      const statement = super.prepare(sql);
      if (sql !== "COMMIT") return statement as never;
      const run = (): unknown => {
        const { next } = fault;
        fault.next = "none";
        if (next !== "before") statement.run();
        if (next !== "none") throw sqliteError("SQLITE_IOERR_FSYNC");
        return { changes: 0 };
      };
      const ignore = (): void => {};
      return { reader: false, run, setReadBigInts: ignore, setReturnArrays: ignore } as never;
    }
  }
  const arm = (next: "before" | "after"): void => {
    fault.next = next;
  };
  return { fault, Failing, arm };
}

describe("a commit that fails in I/O", () => {
  test.each(["before", "after"] as const)(
    "has an unknown outcome, which the file tells once it is opened again (%s the write)",
    async (moment) => {
      const { fault, Failing, arm } = failing();
      const path = temporaryFile();
      const client = await session(path, { driver: Failing });
      const kept = await client.newNode("Person", { email: "kept@x" });
      const draft = client.draft();
      const node = draft.node("Person", { email: "a@x" });
      draft.edge("Knows", kept, node);
      const batch = draft.batch(await client.current());
      const opened = fault.opened;
      arm(moment);
      const error = await Promise.resolve()
        .then(() => client.store.commit([batch]))
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );
      expect(error).toBeInstanceOf(CommitUnknownError);
      expect(error).toMatchObject({ code: "RW_COMMIT_UNKNOWN", details: { units: [draft.unitId] } });

      const outcome = await client.store.outcome(draft.unitId);
      expect(fault.opened).toBe(opened + 1);
      expect(outcome).toBe(moment === "after" ? "committed" : "absent");
      expect(await client.nodes(kept, node)).toHaveLength(moment === "after" ? 2 : 1);
      expect((await client.around(kept)).far).toEqual(moment === "after" ? [node] : []);
      // Offered again it counts once.
      await client.commit(draft);
      expect((await client.lookup({ index: "Person.email", equals: ["a@x"] })).ids).toEqual([node]);
      expect((await client.around(kept)).far).toEqual([node]);
    },
  );

  test("leaves a store that was given an open database with an error that says what to do", async () => {
    const { Failing, arm } = failing();
    const path = temporaryFile();
    const client = await session(path, { driver: new Failing(path) });
    const draft = client.draft();
    draft.node("Person");
    const batch = draft.batch(await client.current());
    arm("before");
    await expect(async () => client.store.commit([batch])).rejects.toBeInstanceOf(CommitUnknownError);
    await expect(async () => client.newNode("Person")).rejects.toMatchObject({ code: "RW_STORE_DRIVER" });
  });
});

describe("a moment that cannot be held", () => {
  test("leaves no handle open", async () => {
    const fault = { isNext: false, open: 0 };
    class Failing extends Database {
      constructor(path: string) {
        super(path);
        fault.open += 1;
      }
      override prepare(sql: string): never {
        if (sql === "BEGIN" && fault.isNext) {
          fault.isNext = false;
          throw sqliteError("SQLITE_ERROR");
        }
        return super.prepare(sql) as never;
      }
      override close(): never {
        fault.open -= 1;
        return super.close() as never;
      }
    }
    const client = await session(temporaryFile(), { driver: Failing });
    const { open } = fault;
    fault.isNext = true;
    await expect(async () => client.store.snapshot!()).rejects.toBeInstanceOf(GraphError);
    expect(fault).toEqual({ isNext: false, open });
    const snapshot = await client.store.snapshot!();
    expect(fault.open).toBe(open + 1);
    snapshot.close();
    expect(fault.open).toBe(open);
  });
});

describe("while another connection has the write lock", () => {
  test("commits wait without holding up the event loop, reads go on, and order is kept", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const done: number[] = [];
    const writes = [0, 1, 2].map((i) =>
      client.newNode("Person", { rank: i }).then((id) => {
        done.push(i);
        return id;
      }),
    );
    const turns = await turnsDuring(async () => {
      for (let i = 0; i < 20; i++) {
        expect((await client.scan({ type: "Root" })).ids).toHaveLength(2);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    expect(turns).toBeGreaterThan(20);
    expect(done).toEqual([]);
    other.exec("COMMIT");
    const ids = await Promise.all(writes);
    expect(done).toEqual([0, 1, 2]);
    expect((await client.scan({ type: "Person" })).ids).toEqual(ids);
    other.close();
  });

  test("a store that is closed waits for what is under way", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const draft = client.draft();
    draft.node("Person");
    const batch = draft.batch(await client.current());
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const write = client.store.commit([batch]);
    const closing = client.store.close();
    setTimeout(() => other.exec("COMMIT"), 20);
    await closing;
    await write;
    expect(other.prepare("SELECT count(*) FROM node WHERE type = 'Person'").pluck().get()).toBe(1);
    other.close();
  });

  test("waiting has an end, after which nothing was written", async () => {
    const path = temporaryFile();
    const client = await session(path, { busyTimeoutMs: 50 });
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const draft = client.draft();
    draft.node("Person");
    const batch = draft.batch(await client.current());
    await expect(async () => client.store.commit([batch])).rejects.toMatchObject({
      code: "RW_TIER_UNAVAILABLE",
    });
    other.exec("COMMIT");
    other.close();
    expect(await client.store.outcome(draft.unitId)).toBe("absent");
    await client.commit(draft);
  });

  test("opening a new file waits too", async () => {
    const path = temporaryFile();
    await (await session(path)).store.close();
    const other = new Database(path);
    other.exec("BEGIN EXCLUSIVE");
    const store = storeOf(path);
    const opening = store.open({
      types: [{ name: "New", kind: "node", undirected: false, shapes: [] }],
      indexes: [],
    });
    setTimeout(() => other.exec("COMMIT"), 20);
    const { catalog } = await opening;
    expect(catalog.types.some(({ name }) => name === "New")).toBe(true);
    other.close();
  });
});

describe("damage that is met while reading", () => {
  test("keeps access to itself: what cannot be read grants nothing", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const id = await client.newNode("Person", { name: "Ann" });
    const other = new Database(path);
    other
      .prepare(
        'UPDATE nodes SET access = \'{"all":"everything"}\' WHERE nr = (SELECT nr FROM node WHERE id = ?)',
      )
      .run(id);
    other.close();
    expect((await client.node(id))?.access).toMatchObject({ all: "none" });
  });

  test("an owner whose row is missing is nobody", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const id = await client.newNode("Person", { name: "Ann" });
    const other = new Database(path);
    other.exec("DELETE FROM owners");
    other.close();
    const later = await client.connected();
    expect((await later.node(id))?.owner).toMatch(/^00000000-0000-7/);
  });

  test("errors carry the path and what was done", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const other = new Database(path);
    other.exec("DROP TABLE edges");
    other.close();
    const error = await client.edges(client.newId()).then(
      () => undefined,
      (reason: unknown) => reason as GraphError,
    );
    expect(error).toBeInstanceOf(GraphError);
    expect(error?.message).toContain("graph.db");
    expect(error?.message).toContain("reading edges");
  });
});
