import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  ClosedError,
  edge,
  type Graph,
  gte,
  type Id,
  NotFoundError,
  node,
  UniqueViolationError,
  via,
  walker,
} from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Person extends node(
  "Person",
  { name: z.string(), age: z.int().default(0), mail: z.string().optional() },
  { unique: [{ fields: ["mail"] }], index: [{ fields: ["name"] }] },
) {}
class Knows extends edge("Knows", { since: z.int().default(0) }, { from: Person, to: Person }) {}
const types = [Person, Knows];

/** Ann, who knows Bob (30) and Cem (40). */
async function three(graph: Graph): Promise<{ ann: Id; bob: Id; cem: Id }> {
  return graph.transaction((tx) => {
    const ann = tx.root.connect(Person, { name: "Ann", age: 20 });
    const bob = ann.connect(Person, { name: "Bob", age: 30 }, via(Knows, { since: 1 }));
    const cem = ann.connect(Person, { name: "Cem", age: 40 }, via(Knows, { since: 2 }));
    return { ann: ann.id, bob: bob.id, cem: cem.id };
  });
}

forEachStore("a unit of work", (open) => {
  it.each(["edited", "deleted"])(
    "of a walk runs again where whom it has queued was %s meanwhile",
    async (change) => {
      const graph = await open({ types });
      const { ann } = await three(graph);
      let runs = 0;
      const pick = walker("pick").entry(Person, async (w, person) => {
        w.visit(person.out(Knows).ofType(Person, { name: "Bob" }));
        runs += 1;
        w.disengage();
        if (runs > 1) return;
        await graph.transaction(async (tx) => {
          const other = await tx.nodes(Person, { name: "Bob" }).one();
          if (change === "deleted") other.delete();
          else other.name = "Rob";
        });
      });
      await graph.spawn(pick, {}, { at: ann });
      expect(runs).toBe(2);
      await graph.close();
    },
  );

  it("sees its own writes and deletes in every read", async () => {
    const graph = await open({ types });
    const { ann, bob } = await three(graph);
    await graph.transaction(async (tx) => {
      const a = await tx.require(Person, ann);
      const b = await tx.require(Person, bob);
      b.age = 50;
      const dan = a.connect(Person, { name: "Dan", age: 60 }, via(Knows, { since: 3 }));
      expect((await a.out(Person, { age: gte(45) }).all()).map(({ name }) => name)).toEqual(["Bob", "Dan"]);
      expect(await tx.nodes(Person, { name: "Dan" }).count()).toBe(1);
      expect(await tx.get(Person, dan.id)).toBe(dan);
      expect(await a.out(Knows).edges().count()).toBe(3);
      b.delete();
      expect(await tx.get(Person, bob)).toBeUndefined();
      expect((await a.out(Person).all()).map(({ name }) => name)).toEqual(["Cem", "Dan"]);
      expect(await a.out(Knows).edges().count()).toBe(2);
      expect((await a.out(Knows).pairs().all()).map((pair) => pair.edge.since)).toEqual([2, 3]);
      expect(await tx.nodes(Person).orderBy("age").ids()).not.toContain(bob);
      expect(await tx.edges(Knows).count()).toBe(2);
      expect(await tx.nodes(Person, { name: "Bob" }).exists()).toBe(false);
      dan.delete();
      expect(await a.out(Person).count()).toBe(1);
    });
    expect(await graph.nodes(Person).count()).toBe(2);
  });

  it("writes nothing after an exception", async () => {
    const graph = await open({ types });
    const { ann } = await three(graph);
    const failure = new Error("no");
    await expect(
      graph.transaction(async (tx) => {
        const a = await tx.require(Person, ann);
        a.age = 99;
        a.connect(Person, { name: "Eve" });
        await a.out(Person).deleteAll();
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect((await graph.require(Person, ann)).age).toBe(20);
    expect(await graph.nodes(Person).count()).toBe(3);
    expect(graph.status().units.open).toBe(0);
  });

  it("is replayed from its start when what it read has changed", async () => {
    const graph = await open({ types });
    const { ann } = await three(graph);
    let attempts = 0;
    await graph.transaction(async (tx) => {
      attempts += 1;
      const a = await tx.require(Person, ann);
      const { age } = a;
      if (attempts === 1)
        await graph.transaction(async (other) => setAge(await other.require(Person, ann), 70));
      a.age = age + 1;
    });
    expect(attempts).toBe(2);
    expect((await graph.require(Person, ann)).age).toBe(71);
  });

  it("never lets out an error of an attempt that saw two moments", async () => {
    const graph = await open({ types });
    const { ann, bob } = await three(graph);
    let attempts = 0;
    const sum = await graph.transaction(async (tx) => {
      attempts += 1;
      const first = (await tx.require(Person, ann)).age;
      if (attempts === 1) {
        await graph.transaction(async (other) => {
          setAge(await other.require(Person, ann), 21);
          setAge(await other.require(Person, bob), 29);
        });
        throw new Error("what such an attempt thinks does not matter");
      }
      return first + (await tx.require(Person, bob)).age;
    });
    expect(sum).toBe(50);
    expect(attempts).toBe(2);
  });

  it("gives a moment's view to units that only read", async () => {
    const graph = await open({ types });
    const { ann, bob } = await three(graph);
    let attempts = 0;
    const ages = await graph.transaction(async (tx) => {
      attempts += 1;
      const first = (await tx.require(Person, ann)).age;
      if (attempts === 1)
        await graph.transaction(async (other) => {
          setAge(await other.require(Person, ann), 1);
          setAge(await other.require(Person, bob), 2);
        });
      return [first, (await tx.require(Person, bob)).age];
    });
    expect(ages).toEqual([1, 2]);
  });

  it("reads the fields of a record that it holds as of one moment, whenever it first looks at them", async () => {
    const graph = await open({ types });
    const { ann, bob } = await three(graph);
    let attempts = 0;
    const ages = await graph.transaction(async (tx) => {
      attempts += 1;
      // Held, not read: a write to its fields is none of this unit's business yet.
      const a = await tx.require(Person, ann);
      await graph.transaction(async (other) => {
        setAge(await other.require(Person, ann), 5);
        setAge(await other.require(Person, bob), 6);
      });
      return [(await tx.require(Person, bob)).age, a.age];
    });
    expect(ages).toEqual([6, 5]);
    expect(attempts).toBe(1);
  });

  it("calls back once after the commit that won, and hands on what the callbacks throw", async () => {
    const errors: unknown[] = [];
    const graph = await open({ types, onError: (error) => errors.push(error) });
    const { ann } = await three(graph);
    const calls: number[] = [];
    let attempts = 0;
    await graph.transaction(async (tx) => {
      attempts += 1;
      const attempt = attempts;
      tx.onCommit(() => calls.push(attempt));
      tx.onCommit(() => {
        throw new Error("first");
      });
      tx.onCommit(() => Promise.reject(new Error("second")));
      const a = await tx.require(Person, ann);
      const { age } = a;
      if (attempts === 1)
        await graph.transaction(async (other) => setAge(await other.require(Person, ann), 3));
      a.age = age + 1;
    });
    await expect(
      graph.transaction((tx) => {
        tx.onCommit(() => calls.push(-1));
        throw new Error("never committed");
      }),
    ).rejects.toThrow("never committed");
    expect(calls).toEqual([2]);
    await Promise.resolve();
    expect(errors.map((error) => (error as Error).message)).toEqual(["first", "second"]);
  });

  it("ends for its records too: they keep what they said and take no writes", async () => {
    const graph = await open({ types });
    const { ann, bob } = await three(graph);
    const { a, known } = await graph.transaction(async (tx) => {
      const a = await tx.require(Person, ann);
      return { a, known: await a.out(Knows).edges().first() };
    });
    expect(a.name).toBe("Ann");
    expect(known!.sourceId).toBe(ann);
    expect(known!.targetId).toBe(bob);
    expect(() => {
      a.age = 1;
    }).toThrow(ClosedError);
    expect(() => a.delete()).toThrow(ClosedError);
    expect(() => a.connect(Person, { name: "x" })).toThrow(ClosedError);
    await expect(async () => a.out(Person).all()).rejects.toThrow(ClosedError);
    // Handed to another unit it is looked at again.
    await graph.transaction(async (tx) => {
      const b = await tx.require(Person, bob);
      await tx.require(Person, ann);
      b.link(a, via(Knows, { since: 9 }));
      expect(await b.out(Knows).ids()).toEqual([ann]);
    });
  });

  describe("conflicts only where what it read answers differently", () => {
    /** Runs `read` in a unit, then `write` in another one before the first commits. @returns the attempts */
    async function between(
      graph: Graph,
      read: (tx: Parameters<Parameters<Graph["transaction"]>[0]>[0]) => Promise<unknown>,
      write: (tx: Parameters<Parameters<Graph["transaction"]>[0]>[0]) => Promise<unknown> | unknown,
    ): Promise<number> {
      let attempts = 0;
      await graph.transaction(async (tx) => {
        attempts += 1;
        await read(tx);
        if (attempts === 1) await graph.transaction(async (other) => void (await write(other)));
        tx.create(Person, { name: `by ${attempts}` });
      });
      return attempts;
    }

    it("a neighbourhood and an edge added to it or taken from it", async () => {
      const graph = await open({ types });
      const { ann, bob } = await three(graph);
      const read = async (tx: Parameters<Parameters<Graph["transaction"]>[0]>[0]): Promise<number> =>
        (await tx.require(Person, ann)).out(Knows).count();
      expect(
        await between(graph, read, async (tx) =>
          (await tx.require(Person, ann)).connect(Person, { name: "Z" }, via(Knows)),
        ),
      ).toBe(2);
      expect(await between(graph, read, async (tx) => (await tx.require(Person, bob)).delete())).toBe(2);
      expect(
        await between(graph, read, async (tx) =>
          (await tx.require(Person, ann)).out(Knows).edges().deleteAll(),
        ),
      ).toBe(2);
      // Another type of edge is another neighbourhood.
      expect(
        await between(graph, read, async (tx) =>
          (await tx.require(Person, ann)).connect(Person, { name: "Y" }),
        ),
      ).toBe(1);
    });

    it("a filtered neighbourhood and fields that leave its outcome alone", async () => {
      const graph = await open({ types });
      const { ann, bob } = await three(graph);
      const read = async (tx: Parameters<Parameters<Graph["transaction"]>[0]>[0]): Promise<number> =>
        (await tx.require(Person, ann)).out(Person, { age: gte(35) }).count();
      expect(await between(graph, read, async (tx) => setAge(await tx.require(Person, bob), 31))).toBe(1);
      expect(await between(graph, read, async (tx) => setAge(await tx.require(Person, bob), 36))).toBe(2);
    });

    it("an index, a type and an absent id", async () => {
      const graph = await open({ types });
      const { bob } = await three(graph);
      const byName = (tx: Parameters<Parameters<Graph["transaction"]>[0]>[0]): Promise<number> =>
        tx.nodes(Person, { name: "Bob" }).count();
      expect(await between(graph, byName, (tx) => tx.create(Person, { name: "Bert" }))).toBe(1);
      expect(await between(graph, byName, (tx) => tx.create(Person, { name: "Bob" }))).toBe(2);
      expect(
        await between(graph, byName, async (tx) => {
          (await tx.require(Person, bob)).name = "Rob";
        }),
      ).toBe(2);
      expect(
        await between(
          graph,
          (tx) => tx.edges(Knows).count(),
          async (tx) => (await tx.require(Person, bob)).connect(Person, { name: "q" }, via(Knows)),
        ),
      ).toBe(2);
    });

    it("access that is granted", async () => {
      const graph = await open({ types });
      const alice = await graph.createRoot();
      const { ann } = await three(graph);
      let attempts = 0;
      const seen = await graph.as(alice).transaction(async (tx) => {
        attempts += 1;
        const before = (await tx.get(Person, ann)) !== undefined;
        if (attempts === 1)
          await graph.transaction(async (other) => (await other.require(Person, ann)).grant("read"));
        return [before, (await tx.get(Person, ann)) !== undefined];
      });
      expect(seen).toEqual([true, true]);
    });

    it("nothing with what it never looked at", async () => {
      const graph = await open({ types });
      const { ann, cem } = await three(graph);
      expect(
        await between(
          graph,
          async (tx) => (await tx.require(Person, ann)).age,
          async (tx) => setAge(await tx.require(Person, cem), 1),
        ),
      ).toBe(1);
    });
  });

  it("reports a unique key that is taken, and replays where it had looked", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => void tx.create(Person, { name: "A", mail: "a@x" }));
    await expect(
      graph.transaction((tx) => void tx.create(Person, { name: "B", mail: "a@x" })),
    ).rejects.toBeInstanceOf(UniqueViolationError);
    expect(await graph.nodes(Person).count()).toBe(1);
  });

  it("keeps the checkpoints of a walk: a later conflict goes on from there", async () => {
    const graph = await open({ types });
    const { ann } = await three(graph);
    let conflicts = 0;
    const reader = walker("reader", { state: () => ({ steps: [] as string[] }) }).entry(
      Person,
      async (w, here) => {
        w.state.steps.push(here.name);
        if (here.name === "Ann") {
          here.age += 1;
          w.commit();
          w.visit(here.out(Knows));
          return;
        }
        const { age } = here;
        if (conflicts === 0) {
          conflicts += 1;
          await graph.transaction(async (tx) => setAge(await tx.require(Person, here.id), 77));
        }
        here.age = age + 1;
      },
    );
    const run = await graph.spawn(reader, {}, { at: await graph.require(Person, ann) });
    expect(run.state.steps).toEqual(["Ann", "Bob", "Cem"]);
    const people = await graph.nodes(Person).all();
    expect(people.map(({ name, age }) => [name, age])).toEqual([
      ["Ann", 21],
      ["Bob", 78],
      ["Cem", 41],
    ]);
  });

  it("refuses records of others that are gone", async () => {
    const graph = await open({ types });
    const { ann, bob } = await three(graph);
    const gone = await graph.require(Person, bob);
    await graph.transaction(async (tx) => (await tx.require(Person, bob)).delete());
    await graph.transaction(async (tx) => {
      const a = await tx.require(Person, ann);
      expect(() => a.link(gone, via(Knows))).toThrow(NotFoundError);
    });
  });
});

forEachStore("a record of an earlier unit of work", (open) => {
  it("is read again by its id where it is linked; where that cannot wait for the store, after it was got", async () => {
    const graph = await open({ types, cache: { maxEntries: 64 } });
    const { ann, bob } = await three(graph);
    const held = await graph.require(Person, bob);
    await graph.transaction((tx) => void tx.create(Person, new Array(300).fill({ name: "x" })));
    await graph.nodes(Person, { name: "x" }).all();
    const link = (gets: boolean): Promise<void> =>
      graph.transaction(async (tx) => {
        const a = await tx.require(Person, ann);
        if (gets) await tx.require(Person, bob);
        a.link(held, via(Knows, { since: 9 }));
      });
    if (graph.status().store.supports.synchronous) await link(false);
    else {
      await expect(link(false)).rejects.toMatchObject({
        code: "RW_NOT_FOUND",
        message: expect.stringMatching(/not in memory any more; get it in this one first/),
      });
      await link(true);
    }
    const known = await graph.nodes(Person, { name: "Ann" }).out(Knows, { since: 9 }).all();
    expect(known.map(({ id }) => id)).toEqual([bob]);
    await graph.transaction(async (tx) => (await tx.require(Person, bob)).delete());
    await expect(link(false)).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
    await expect(link(true)).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
  });
});

forEachStore("two graphs over one place", (open) => {
  it.skipIf(!open.store.isShared)(
    "see what the other has committed, and check it when they commit",
    async () => {
      const here = open.place();
      const [one, two] = [await here({ types }), await here({ types })];
      const { ann, bob } = await three(one);
      await two.refresh();
      expect((await two.require(Person, ann)).name).toBe("Ann");
      let attempts = 0;
      await two.transaction(async (tx) => {
        attempts += 1;
        const a = await tx.require(Person, ann);
        const { age } = a;
        if (attempts === 1)
          await one.transaction(async (other) => setAge(await other.require(Person, ann), 50));
        a.age = age + 1;
      });
      expect(attempts).toBe(2);
      await one.refresh();
      expect((await one.require(Person, ann)).age).toBe(51);
      // A neighbourhood that is resident there loses and gains edges here.
      expect(await two.transaction(async (tx) => (await tx.require(Person, ann)).out(Knows).count())).toBe(2);
      await one.transaction(async (tx) => {
        (await tx.require(Person, bob)).delete();
        (await tx.require(Person, ann)).connect(Person, { name: "New" }, via(Knows));
      });
      await two.refresh();
      const names = await two.transaction(async (tx) => (await tx.require(Person, ann)).out(Person).all());
      expect(names.map(({ name }) => name)).toEqual(["Cem", "New"]);
    },
  );
});

function setAge(person: Person, age: number): void {
  person.age = age;
}
