import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import {
  type ChangeSet,
  type Changes,
  edge,
  type Graph,
  gte,
  type Id,
  type LiveUpdate,
  node,
  type OpenOptions,
  openGraph,
  TierUnavailableError,
  via,
} from "../../src/index.ts";
import { awkwardBase } from "../../src/persistence/awkward-store.ts";
import { testClock } from "../../src/testing/test-clock.ts";
import { forEachStore } from "./stores.ts";

class Note extends node("Note", { text: z.string(), rank: z.int().default(0) }, { index: ["rank"] }) {}
class Draft extends Note.extend("Draft", {}) {}
class Secret extends node("Secret", { text: z.string() }) {}
class Cites extends edge("Cites", { page: z.int().default(1) }, { from: Note, to: Note }) {}
const types = [Note, Draft, Secret, Cites];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for what is under way; how long that takes nobody says. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 2000 && !isSo(); turns++) await turn();
  expect(isSo()).toBe(true);
}

/** So many turns that whatever was to be told has been. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 60; turns++) await turn();
}

/** What was told, a line for each change: `created Note a`, by names instead of ids. */
class Told {
  readonly sets: ChangeSet[] = [];
  readonly #names: ReadonlyMap<Id, string>;
  constructor(changes: Changes, names: ReadonlyMap<Id, string>) {
    this.#names = names;
    void (async () => {
      for await (const set of changes) this.sets.push(set);
    })();
  }
  get lines(): string[][] {
    return this.sets.map(({ changes }) =>
      changes.map(({ op, type, id }) => `${op} ${type} ${this.#names.get(id)}`),
    );
  }
}

async function told(changes: Changes, names: ReadonlyMap<Id, string>): Promise<Told> {
  const all = new Told(changes, names);
  await changes.ready;
  return all;
}

forEachStore("watching types", (open) => {
  it("tells each commit once and in order, with what it did and the versions", async () => {
    const graph = await open({ types });
    const names = new Map<Id, string>();
    const all = await told(graph.changes([Note, Cites]), names);
    const [a, b] = await graph.transaction((tx) => {
      const [a, b] = [tx.root.connect(Note, { text: "a" }), tx.root.connect(Draft, { text: "b" })];
      names.set(a.id, "a").set(b.id, "b");
      tx.create(Secret, { text: "nobody asked for it" });
      return [a.id, b.id];
    });
    await graph.transaction(async (tx) => {
      const note = await tx.require(Note, a);
      note.text = "A";
      note.rank = 0;
      note.grant("read");
      names.set(note.link(await tx.require(Draft, b), via(Cites)).id, "a-b");
    });
    await graph.transaction((tx) => void tx.create(Secret, { text: "nor for this" }));
    await graph.transaction(async (tx) => (await tx.require(Note, b)).delete());
    await until(() => all.sets.length === 3);
    expect(all.lines.map((lines) => lines.toSorted())).toEqual([
      ["created Draft b", "created Note a"],
      ["changed Note a", "created Cites a-b"],
      ["deleted Draft b"],
    ]);
    const { changes } = all.sets[1]!;
    expect(changes.find(({ op }) => op === "changed")).toMatchObject({
      kind: "node",
      before: { data: 1, access: 1 },
      after: { data: 2, access: 2 },
      fields: ["text"],
      access: true,
      withEdges: false,
    });
    expect(changes.find(({ kind }) => kind === "edge")).toMatchObject({
      sourceId: a,
      targetId: b,
      before: undefined,
      after: { data: 1, access: 1 },
    });
    expect(all.sets[2]!.changes[0]).toMatchObject({ withEdges: true, after: undefined });
  });

  it("tells a session what it may see, as it was at each commit", async () => {
    const graph = await open({ types });
    const [alice, bob] = [await graph.createRoot(), await graph.createRoot()];
    const names = new Map<Id, string>();
    const own = await told(graph.as(bob).changes(Note), names);
    const other = await told(graph.as(alice).changes(Note), names);
    const everything = await told(graph.changes(Note), names);
    const id = await graph.as(bob).transaction((tx) => {
      const note = tx.create(Note, { text: "bob's" });
      names.set(note.id, "note");
      return note.id;
    });
    const asBob = (change: (note: Note) => void): Promise<void> =>
      graph.as(bob).transaction(async (tx) => change(await tx.require(Note, id)));
    await asBob((note) => {
      note.text = "hidden";
    });
    await asBob((note) => note.allowRoot(alice, "read"));
    await asBob((note) => {
      note.text = "seen";
    });
    await asBob((note) => note.disallowRoot(alice));
    await asBob((note) => {
      note.text = "hidden again";
    });
    await asBob((note) => note.delete());
    await until(() => own.sets.length === 7 && everything.sets.length === 7);
    expect(own.lines.flat()).toEqual([
      "created Note note",
      ...Array.from({ length: 5 }, () => "changed Note note"),
      "deleted Note note",
    ]);
    expect(other.lines).toEqual([["entered Note note"], ["changed Note note"], ["left Note note"]]);
    expect(other.sets[0]!.changes[0]).toMatchObject({ before: undefined, after: { data: 2, access: 2 } });
    expect(other.sets[1]!.changes[0]).toMatchObject({ fields: ["text"] });
    expect(other.sets[2]!.changes[0]).toMatchObject({ after: undefined, fields: undefined, access: false });
  });

  it("follows what roots grant, and the ends of edges", async () => {
    const graph = await open({ types });
    const [alice, bob] = [await graph.createRoot(), await graph.createRoot()];
    const names = new Map<Id, string>();
    await graph.as(bob).transaction((tx) => {
      const [a, b] = [tx.root.connect(Note, { text: "a" }), tx.root.connect(Note, { text: "b" })];
      names.set(a.id, "a").set(b.id, "b");
      names.set(a.link(b, via(Cites)).id, "a-b");
    });
    const all = await told(graph.as(alice).changes([Note, Cites]), names);
    await graph.as(bob).transaction((tx) => tx.root.allowRoot(alice, "read"));
    await until(() => all.sets.length === 1);
    const [b] = [...names].find(([, name]) => name === "b")!;
    await graph.as(bob).transaction(async (tx) => (await tx.require(Note, b)).allowRoot(alice, "none"));
    await until(() => all.sets.length === 2);
    await graph.as(bob).transaction((tx) => tx.root.disallowRoot(alice));
    await until(() => all.sets.length === 3);
    expect(all.lines.map((lines) => lines.toSorted())).toEqual([
      ["entered Cites a-b", "entered Note a", "entered Note b"],
      ["left Cites a-b", "left Note b"],
      ["left Note a"],
    ]);
  });

  it("tells what enters and leaves a filter", async () => {
    const graph = await open({ types });
    const names = new Map<Id, string>();
    const all = await told(graph.changes(graph.nodes(Note, { rank: gte(5) })), names);
    const set = (id: Id, rank: number): Promise<void> =>
      graph.transaction(async (tx) => {
        (await tx.require(Note, id)).rank = rank;
      });
    const id = await graph.transaction((tx) => {
      const note = tx.create(Note, { text: "n", rank: 1 });
      names.set(note.id, "n");
      return note.id;
    });
    for (const rank of [2, 5, 6, 1, 7]) await set(id, rank);
    await graph.transaction(async (tx) => (await tx.require(Note, id)).delete());
    await until(() => all.sets.length === 5);
    expect(all.lines.flat().map((line) => line.split(" ")[0])).toEqual([
      "entered",
      "changed",
      "left",
      "entered",
      "deleted",
    ]);
  });

  it("tells of a query what its result gains, loses and shows otherwise", async () => {
    const graph = await open({ types });
    const names = new Map<Id, string>();
    const make = (name: string, rank: number): Promise<Id> =>
      graph.transaction((tx) => {
        const { id } = tx.create(Note, { text: name, rank });
        names.set(id, name);
        return id;
      });
    const a = await make("a", 1);
    await make("b", 2);
    const all = await told(graph.changes(graph.nodes(Note).orderBy("rank").limit(2)), names);
    const next = async (sets: number): Promise<void> => until(() => all.sets.length === sets);
    await make("c", 0);
    await next(1);
    await make("d", 9);
    await graph.transaction(async (tx) => {
      (await tx.require(Note, a)).text = "A";
    });
    await next(2);
    await graph.transaction(async (tx) => (await tx.require(Note, a)).delete());
    await next(3);
    expect(all.lines.map((lines) => lines.toSorted())).toEqual([
      ["created Note c", "left Note b"],
      ["changed Note a"],
      ["deleted Note a", "entered Note b"],
    ]);
    expect(all.sets[1]!.changes[0]).toMatchObject({ fields: ["text"] });
  });

  it("ends with the error that its session would get where its root is deleted", async () => {
    const errors: unknown[] = [];
    const graph = await open({ types, onError: (error) => void errors.push(error) });
    const alice = await graph.createRoot();
    const changes = graph.as(alice).changes(Note);
    await changes.ready;
    let ended: unknown;
    const loop = (async () => {
      for await (const _ of changes);
    })().catch((error: unknown) => {
      ended = error;
    });
    graph.as(alice).watch(Note, () => {});
    await graph.as(alice).transaction((tx) => void tx.create(Note, { text: "hers" }));
    await graph.deleteRoot(alice);
    await loop;
    expect(ended).toMatchObject({ code: "RW_NOT_FOUND" });
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject({ code: "RW_NOT_FOUND" });
    await expect(graph.as(alice).changes(Note).ready).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
  });

  if (open.store.isShared) {
    it("tells what other processes commit, and asks for it by a timer that keeps nothing alive", async () => {
      const here = open.place();
      const clock = testClock();
      const graph = await here({ types, scheduler: clock.scheduler });
      const other = await here({ types });
      const alice = await graph.createRoot();
      const names = new Map<Id, string>();
      const options = { pollMs: 70 };
      const whole = await told(graph.changes(Note, options), names);
      const hers = await told(graph.as(alice).changes(Note, options), names);
      await other.refresh();
      const ids: Id[] = [];
      for (const name of ["a", "b", "c"]) {
        await other.transaction((tx) => {
          const note = tx.create(Note, { text: name });
          names.set(note.id, name);
          ids.push(note.id);
          if (name !== "b") note.allowRoot(alice.id, "read");
        });
      }
      await other.transaction(async (tx) => (await tx.require(Note, ids[0]!)).delete());
      await settled();
      expect(whole.sets).toEqual([]);
      await clock.advance(71);
      await until(() => whole.sets.length === 4 && hers.sets.length === 1);
      expect(whole.lines.flat()).toEqual([
        "created Note a",
        "created Note b",
        "created Note c",
        "deleted Note a",
      ]);
      // What came and went between two looks is not told to a session.
      expect(hers.lines.flat()).toEqual(["created Note c"]);
    });

    it("does not tell that a record was deleted to those to whom it was closed before", async () => {
      const here = open.place();
      const clock = testClock();
      const graph = await here({ types, scheduler: clock.scheduler });
      const other = await here({ types });
      const [alice, bob] = [await graph.createRoot(), await graph.createRoot()];
      const names = new Map<Id, string>();
      await other.refresh();
      const make = (name: string): Promise<Id> =>
        other.as(alice.id).transaction((tx) => {
          const note = tx.create(Note, { text: name });
          names.set(note.id, name);
          return note.id;
        });
      const shared = [await make("open"), await make("revoked"), await make("granted")] as const;
      await other.as(alice.id).transaction(async (tx) => {
        for (const id of shared) (await tx.require(Note, id)).allowRoot(bob.id, "read");
      });
      await graph.refresh();
      const his = graph.as(bob);
      const watches = [
        await told(his.changes(Note), names),
        // Everything is read again: the deleted node may be at an end of what is watched.
        await told(his.changes([Note, Cites]), names),
        await told(his.changes(his.nodes(Note)), names),
      ];
      const asAlice = (id: Id, change: (note: Note) => void): Promise<void> =>
        other.as(alice.id).transaction(async (tx) => change(await tx.require(Note, id)));
      const [kept, revoked] = shared;
      await asAlice(revoked, (note) => note.disallowRoot(bob.id));
      await asAlice(revoked, (note) => {
        note.text = "hidden";
      });
      await asAlice(revoked, (note) => note.delete());
      await asAlice(kept, (note) => {
        note.text = "seen";
      });
      await asAlice(kept, (note) => note.delete());
      await graph.refresh();
      const lines = (all: Told): string[] => all.lines.flat().toSorted();
      await until(() => watches.every((all) => lines(all).length >= 2));
      await settled();
      for (const all of watches) expect(lines(all)).toEqual(["deleted Note open", "left Note revoked"]);
    });
  }
});

// ---- what does not depend on the store -------------------------------------------------------------------------

async function opened(options: Partial<OpenOptions> = {}): Promise<Graph> {
  const graph = await openGraph({ types, ...options });
  onTestFinished(() => graph.close());
  return graph;
}

const add = (graph: Graph, text: string): Promise<void> =>
  graph.transaction((tx) => void tx.create(Note, { text }));

describe("a listener", () => {
  it("is called after the commit, and delays none however long it takes", async () => {
    const graph = await opened();
    const calls: number[] = [];
    let go = (): void => {};
    graph.watch(Note, ({ changes }) => {
      calls.push(changes.length);
      return new Promise<void>((resolve) => {
        go = resolve;
      });
    });
    await add(graph, "a");
    expect(calls).toEqual([]);
    await settled();
    for (const text of ["b", "c"]) await add(graph, text);
    await settled();
    expect(calls).toEqual([1]);
    go();
    await settled();
    expect(calls).toEqual([1, 1]);
  });

  it("that throws, at once or later, harms nobody and is told to onError", async () => {
    const errors: unknown[] = [];
    const graph = await opened({ onError: (error) => void errors.push(error) });
    const seen: number[] = [];
    graph.watch(Note, () => {
      throw new Error("at once");
    });
    graph.watch(Note, () => Promise.reject(new Error("later")));
    graph.watch(Note, ({ changes }) => seen.push(changes.length));
    await add(graph, "a");
    await add(graph, "b");
    await settled();
    expect(seen).toEqual([1, 1]);
    expect(errors.map((error) => (error as Error).message).toSorted()).toEqual([
      "at once",
      "at once",
      "later",
      "later",
    ]);
    expect(await graph.nodes(Note).count()).toBe(2);
  });

  it("may read and commit itself, stop itself and others, and watch anew", async () => {
    const graph = await opened();
    const log: string[] = [];
    const second = graph.watch(Note, () => void log.push("second"));
    const first = graph.watch(Note, async () => {
      log.push(`first sees ${await graph.nodes(Note).count()}`);
      first.stop();
      second.stop();
      graph.watch(Secret, () => void log.push("third"));
      await graph.transaction((tx) => void tx.create(Secret, { text: "s" }));
      await add(graph, "c");
    });
    await Promise.all([add(graph, "a"), add(graph, "b")]);
    await settled();
    expect(log.filter((line) => line.startsWith("first"))).toHaveLength(1);
    expect(log.filter((line) => line === "third")).toHaveLength(1);
    expect(log.filter((line) => line === "second").length).toBeLessThanOrEqual(1);
  });

  it("that is stopped by a signal is not called any more, not even for what waits", async () => {
    const graph = await opened();
    const controller = new AbortController();
    let calls = 0;
    const watching = graph.watch(
      Note,
      () => {
        calls += 1;
      },
      { signal: controller.signal },
    );
    await add(graph, "a");
    controller.abort();
    await add(graph, "b");
    await settled();
    expect(calls).toBe(0);
    await watching.ready;
    graph.watch(
      Note,
      () => {
        calls += 1;
      },
      { signal: controller.signal },
    );
    await add(graph, "c");
    await settled();
    expect(calls).toBe(0);
  });
});

describe("an iterator of changes", () => {
  it("says that something was lost where nobody takes what waits, and goes on behind it", async () => {
    const graph = await opened();
    const changes = graph.changes(Note, { buffer: 3 });
    for (let i = 0; i < 5; i++) await add(graph, `${i}`);
    expect((await changes.next()).value).toEqual({ changes: [], lost: "overflow" });
    const { value } = await changes.next();
    expect(value?.lost).toBeUndefined();
    expect(value?.changes).toHaveLength(1);
    // One commit is never cut, however large.
    await graph.transaction(
      (tx) =>
        void tx.create(
          Note,
          Array.from({ length: 9 }, () => ({ text: "n" })),
        ),
    );
    expect((await changes.next()).value?.changes).toHaveLength(9);
    changes.stop();
  });

  it("gives what waits when the graph is closed, and ends", async () => {
    const graph = await opened();
    const changes = graph.changes(Note);
    const idle = graph.changes(Secret).next();
    const live = graph.nodes(Note).live();
    const loop = (async () => {
      for await (const _ of live);
    })();
    await add(graph, "a");
    await graph.close();
    const sets: ChangeSet[] = [];
    for await (const set of changes) sets.push(set);
    expect(sets).toHaveLength(1);
    expect(await idle).toEqual({ done: true, value: undefined });
    await loop;
    expect(live.value).toHaveLength(0);
    expect(() => graph.changes(Note)).toThrow(expect.objectContaining({ code: "RW_CLOSED" }));
  });

  it("ends when its loop is left", async () => {
    const graph = await opened();
    const changes = graph.changes(Note);
    await add(graph, "a");
    for await (const { changes: some } of changes) {
      expect(some).toHaveLength(1);
      break;
    }
    await add(graph, "b");
    expect(await changes.next()).toEqual({ done: true, value: undefined });
  });
});

describe("watching takes", () => {
  it("types and queries of its own session, and says what else is wrong", async () => {
    const graph = await opened();
    const alice = await graph.createRoot();
    const listener = (): void => {};
    const invalid = expect.objectContaining({ code: "RW_QUERY_INVALID" });
    const option = expect.objectContaining({ code: "RW_OPTION_INVALID" });
    expect(() => graph.watch([], listener)).toThrow(invalid);
    expect(() => graph.watch(graph.nodes(Note).select("text"), listener)).toThrow(invalid);
    expect(() => graph.as(alice).watch(graph.nodes(Note), listener)).toThrow(TypeError);
    expect(() => graph.watch("Note" as never, listener)).toThrow(TypeError);
    expect(() => graph.watch(Note, undefined as never)).toThrow(TypeError);
    expect(() => graph.watch(Note, listener, { pollMs: 0 })).toThrow(option);
    expect(() => graph.watch(Note, listener, { buffer: 0.5 })).toThrow(option);
    expect(() => graph.watch(Note, listener, { every: 3 } as never)).toThrow(option);
    expect(() => graph.nodes(Note).live({ buffer: 3 } as never)).toThrow(option);
    expect(() => graph.live("count" as never)).toThrow(TypeError);
    class Other extends node("Other", {}) {}
    expect(() => graph.watch(Other, listener)).toThrow(expect.objectContaining({ code: "RW_UNKNOWN_TYPE" }));
    await graph.transaction((tx) => {
      expect(() => graph.watch(tx.nodes(Note), listener)).toThrow(invalid);
      expect(() => tx.nodes(Note).live()).toThrow(invalid);
    });
    expect(graph.as(alice).watch(graph.as(alice).nodes(Note), listener).stop()).toBeUndefined();
  });
});

describe("a store that no longer tells its changes", () => {
  it("makes a watch of everything say so, and the others look again", async () => {
    const base = awkwardBase();
    let forgets = 0;
    const store = new Proxy(base.connect(), {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name === "changes" && forgets > 0) {
          forgets -= 1;
          return () => "lost";
        }
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const graph = await opened({ store });
    const other = await opened({ store: base.connect() });
    const alice = await graph.createRoot();
    const whole = graph.changes(Note);
    const names = new Map<Id, string>();
    const hers = await told(graph.as(alice).changes(Note), names);
    await other.refresh();
    forgets = 1;
    await other.as(alice.id).transaction((tx) => {
      names.set(tx.create(Note, { text: "hers" }).id, "hers");
    });
    await graph.refresh();
    expect((await whole.next()).value).toEqual({ changes: [], lost: "feed" });
    await until(() => hers.sets.length === 1);
    // Whether it is new or was opened nobody knows any more.
    expect(hers.lines).toEqual([["entered Note hers"]]);
    whole.stop();
  });
});

describe("a live result", () => {
  it("is there at once where nothing must be waited for, and the same object until it changes", async () => {
    const graph = await opened();
    await add(graph, "a");
    const live = graph.nodes(Note).orderBy("text").live();
    const before = live.value!;
    expect(before.map(({ text }) => text)).toEqual(["a"]);
    const updates: string[][] = [];
    const leave = live.subscribe(({ changes }) =>
      updates.push(changes.map(({ op, index, result }) => `${op} ${index} ${result.text}`)),
    );
    await graph.transaction((tx) => void tx.create(Secret, { text: "another type" }));
    await settled();
    expect(live.value).toBe(before);
    await add(graph, "b");
    await settled();
    expect(live.value![0]).toBe(before[0]);
    await graph.transaction(async (tx) => {
      (await tx.nodes(Note, { text: "a" }).one()).text = "c";
    });
    await settled();
    leave();
    await add(graph, "d");
    await settled();
    expect(updates).toEqual([["added 1 b"], ["moved 0 b", "changed 1 c"]]);
    expect(live.value!.map(({ text }) => text)).toEqual(["b", "c", "d"]);
    live.stop();
    await add(graph, "e");
    await settled();
    expect(live.value).toHaveLength(3);
  });

  it("of a function ends with what that throws, and writes nothing", async () => {
    const graph = await opened();
    const note = await graph.transaction((tx) => tx.create(Note, { text: "a" }).id);
    const live = graph.live(async (tx) => (await tx.require(Note, note)).text);
    await live.ready;
    expect(live.value).toBe("a");
    await graph.transaction(async (tx) => (await tx.require(Note, note)).delete());
    await expect(
      (async () => {
        for await (const _ of live);
      })(),
    ).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
    const writing = graph.live((tx) =>
      (tx as unknown as { create(type: unknown, f: unknown): unknown }).create(Note, { text: "w" }),
    );
    await expect(writing.ready).rejects.toThrow(TypeError);
    expect(await graph.nodes(Note).count()).toBe(0);
  });

  it("gives a slow loop what has changed since it looked last, in one update", async () => {
    const graph = await opened();
    const loop = graph.nodes(Note).live()[Symbol.asyncIterator]();
    expect((await loop.next()).value).toEqual({ results: [], changes: [] });
    for (const text of ["a", "b", "c"]) {
      await add(graph, text);
      await settled();
    }
    const { value } = await loop.next();
    expect((value as LiveUpdate<Note>).changes.map(({ op }) => op)).toEqual(["added", "added", "added"]);
    await loop.return!();
    expect(await loop.next()).toEqual({ done: true, value: undefined });
  });

  it("that is stopped calls nobody any more, not even for what has changed", async () => {
    const graph = await opened();
    const live = graph.nodes(Note).live();
    const loop = live[Symbol.asyncIterator]();
    await loop.next();
    let calls = 0;
    live.subscribe(() => {
      calls += 1;
    });
    const next = loop.next();
    await add(graph, "a");
    await next;
    // Loops go on in the turn of the read, listeners are called in the one after it.
    live.stop();
    await settled();
    expect(calls).toBe(0);
  });

  it("is tried again while the store is out of reach, which is reported once", async () => {
    const clock = testClock();
    const errors: unknown[] = [];
    const graph = await opened({
      scheduler: clock.scheduler,
      onError: (error) => void errors.push(error),
    });
    let isOut = true;
    let reads = 0;
    const live = graph.live((tx) => {
      reads += 1;
      if (isOut) throw new TierUnavailableError();
      return tx.nodes(Note).count();
    });
    await clock.advance(5_000);
    expect(reads).toBeGreaterThan(4);
    expect(errors).toHaveLength(1);
    isOut = false;
    await clock.advance(1_000);
    expect(live.value).toBe(0);
    isOut = true;
    await add(graph, "a");
    await clock.advance(5_000);
    expect(errors).toHaveLength(2);
  });

  it("is not read again for commits that do not concern it", async () => {
    const graph = await opened();
    let reads = 0;
    const live = graph.live(async (tx) => {
      reads += 1;
      return tx.nodes(Note, { rank: gte(5) }).count();
    });
    await live.ready;
    for (let i = 0; i < 5; i++) await add(graph, "of rank 0");
    await settled();
    expect(reads).toBe(1);
    await graph.transaction((tx) => void tx.create(Note, { text: "n", rank: 6 }));
    await settled();
    expect(reads).toBe(2);
    expect(live.value).toBe(1);
  });
});

describe("a read that commits of others keep coming between", () => {
  async function overtaken(scheduler?: OpenOptions["scheduler"]) {
    const base = awkwardBase();
    const [graph, other] = [
      await opened({ store: base.connect(), ...(scheduler && { scheduler }) }),
      await opened({ store: base.connect() }),
    ];
    const state = { reads: 0, isOvertaken: true };
    const live = graph.live(async (tx) => {
      state.reads += 1;
      const count = await tx.nodes(Note).count();
      if (state.isOvertaken) {
        const { id } = await other.transaction((tx) => tx.create(Note, { text: "between" }));
        // Here it is seen that it was committed.
        await tx.get(Note, id);
      }
      return count;
    });
    return { graph, live, state };
  }

  it("does not keep the graph from closing", async () => {
    const { graph, live, state } = await overtaken();
    await until(() => state.reads > 2);
    await graph.close();
    expect(live.value).toBeUndefined();
  });

  it("is tried again ever later, and no more once the graph closes", async () => {
    const clock = testClock();
    const { graph, live, state } = await overtaken(clock.scheduler);
    await clock.advance(0);
    const atOnce = state.reads;
    await clock.advance(0);
    expect(state.reads).toBe(atOnce);
    await clock.advance(60_000);
    expect(state.reads).toBeGreaterThan(atOnce + 30);
    expect(state.reads).toBeLessThan(atOnce + 100);
    state.isOvertaken = false;
    await clock.advance(1_000);
    const { value } = live;
    expect(value).toBe(state.reads - 1);
    state.isOvertaken = true;
    await add(graph, "own");
    await clock.advance(10);
    const reads = state.reads;
    expect(reads).toBeGreaterThan(value! + 1);
    await graph.close();
    expect([state.reads, live.value]).toEqual([reads, value]);
  });
});

describe("a graph that nobody watches (any more)", () => {
  it("keeps no unit, no log and no timer for it", async () => {
    let timers = 0;
    const { scheduler } = testClock();
    const graph = await opened({
      scheduler: {
        ...scheduler,
        after: (ms, callback, isAwaited) => {
          timers += 1;
          return scheduler.after(ms, callback, isAwaited);
        },
      },
    });
    const changes = graph.changes(Note);
    const live = graph.nodes(Note).live();
    changes.stop();
    live.stop();
    const before = timers;
    for (let i = 0; i < 10; i++) await add(graph, `${i}`);
    expect(timers).toBe(before);
    expect(graph.status().units.open).toBe(0);
  });
});
