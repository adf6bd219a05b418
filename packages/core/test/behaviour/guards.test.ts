import { expect, it } from "vitest";
import { z } from "zod";
import { edge, type Graph, node, type OpenOptions, Root, type Tx, via, walker } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

// What a unit has read is guarded against several changes at once as against one, and before its next read is handed
// out: changes that hide each other, reads that are under way, results that depend on an order.

class Box extends node("Box", { name: z.string(), v: z.int().default(0) }) {}
class Log extends node("Log", { n: z.int() }) {}
class Has extends edge("Has", { w: z.int().default(0) }, { from: Box, to: Box }) {}
const types = [Box, Log, Has];

const box = (tx: Tx, name: string) => tx.nodes(Box, { name }).one();

/** a has x, which matches, and d beyond it; y matches not and is nobody's. */
async function fill(graph: Graph): Promise<{ a: string; x: string; y: string }> {
  return graph.transaction((tx) => {
    const a = tx.create(Box, { name: "a" });
    const x = a.connect(Box, { name: "x", v: 1 }, via(Has));
    x.connect(Box, { name: "d", v: 5 }, via(Has));
    return { a: a.id, x: x.id, y: tx.create(Box, { name: "y" }).id };
  });
}

type Step = (tx: Tx, ids: { a: string; x: string; y: string }) => Promise<unknown>;

const flip: Step = async (tx, { x }) => {
  (await tx.require(Box, x)).v = 0;
};
const unlink: Step = async (tx, { a, x }) => (await tx.require(Box, a)).disconnect(await tx.require(Box, x));
const together =
  (...steps: readonly Step[]): Step =>
  async (tx, ids) => {
    for (const step of steps) await step(tx, ids);
  };

/** Each is a row of commits that land between a count of what a has and the commit of who counted. */
const changes: Record<string, readonly Step[]> = {
  "its fields and the edge to it change in one commit": [together(flip, unlink)],
  "the edge to it goes once its fields have changed": [flip, unlink],
  "it goes once its fields have changed": [flip, async (tx, { x }) => (await tx.require(Box, x)).delete()],
  "a node that comes to match is linked": [
    async (tx, { a, y }) => {
      const node = await tx.require(Box, y);
      node.v = 1;
      (await tx.require(Box, a)).link(node, via(Has));
    },
  ],
};

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A signal that can be waited for. */
function signal(): { readonly given: Promise<void>; give(): void } {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}

forEachStore("guards", (open) => {
  const { isShared, name } = open.store;
  /** Reads wait here, so that others commit in their midst. */
  const isSlow = name === "awkward";

  /** What `read` gave in a unit beside which others committed, where they were still there to be seen. */
  async function beside(
    graph: Graph,
    other: Graph,
    read: (tx: Tx) => Promise<unknown>,
    commits: readonly ((tx: Tx) => Promise<unknown>)[],
  ): Promise<unknown[]> {
    const results: unknown[] = [];
    await graph.transaction(async (tx) => {
      results.push(await read(tx));
      if (results.length === 1)
        for (const commit of commits) await other.transaction(async (its) => void (await commit(its)));
      tx.create(Log, { n: results.length });
    });
    return results;
  }

  for (const [what, steps] of Object.entries(changes)) {
    for (const isOther of isShared ? [false, true] : [false]) {
      it(`of a count hold where ${what}, by ${isOther ? "another process" : "this process"}`, async () => {
        const openHere = open.place();
        const graph = await openHere({ types });
        const other = isOther ? await openHere({ types }) : graph;
        const ids = await fill(other);
        // The unit finds in L1 what it reads, and what it does not read.
        await graph.transaction((tx) => tx.nodes(Box).all());
        const count = async (tx: Tx): Promise<number> =>
          (await tx.require(Box, ids.a)).out(Box, { v: 1 }).count();
        const results = await beside(
          graph,
          other,
          count,
          steps.map((step) => (tx: Tx) => step(tx, ids)),
        );
        expect(results).toEqual([1, await graph.transaction(count)]);
        expect(results[1]).not.toBe(1);
      });
    }
  }

  it("hold among units that commit together, whatever each of them changes", async () => {
    const graph = await open({ types });
    const ids = await fill(graph);
    const all = signal();
    const begun: Promise<void>[] = [];
    const unit = (body: (tx: Tx) => Promise<void>): Promise<void> => {
      const ready = signal();
      begun.push(ready.given);
      return graph.transaction(async (tx) => {
        await body(tx);
        ready.give();
        await all.given;
      });
    };
    const counts: number[] = [];
    const units = [
      unit(async (tx) => {
        (await tx.require(Box, ids.y)).v = 1;
      }),
      unit(async (tx) => void (await tx.require(Box, ids.a)).link(await tx.require(Box, ids.y), via(Has))),
      unit(async (tx) => {
        counts.push(await (await tx.require(Box, ids.a)).out(Box, { v: 1 }).count());
        tx.create(Log, { n: 0 });
      }),
    ];
    await Promise.all(begun);
    all.give();
    await Promise.all(units);
    expect(counts[0]).toBe(1);
    expect(counts.at(-1)).toBe(2);
  });

  it("of a deep hop hold what it was ordered by", async () => {
    const graph = await open({ types });
    const { a } = await fill(graph);
    const first = async (tx: Tx): Promise<unknown> => {
      const found = (await tx.require(Box, a)).out(Box, undefined, { depth: [1, 3] });
      return found.orderBy("v").limit(1).ids();
    };
    const raise = async (tx: Tx): Promise<void> => {
      (await box(tx, "x")).v = 9;
    };
    const results = await beside(graph, graph, first, [raise]);
    expect(results).toHaveLength(2);
    expect(results[1]).toEqual(await graph.transaction(first));
    expect(results[1]).not.toEqual(results[0]);
  });

  it("of a deep hop let go what it was not ordered by", async () => {
    const graph = await open({ types });
    const { a } = await fill(graph);
    const first = async (tx: Tx): Promise<unknown> => {
      const found = (await tx.require(Box, a)).out(Box, undefined, { depth: [1, 3] });
      return found.orderBy("v").limit(1).ids();
    };
    const rename = async (tx: Tx): Promise<void> => {
      (await box(tx, "x")).name = "new";
    };
    expect(await beside(graph, graph, first, [rename])).toHaveLength(1);
  });

  it.skipIf(!isShared)("of a hub hold what its owner grants while its pages come in", async () => {
    let beganAgain = 0;
    for (let wait = 0; wait < 20; wait++) {
      const openHere = open.place();
      const other = await openHere({ types });
      const graph = await openHere({ types, ...small });
      const me = await other.createRoot();
      const owner = await other.createRoot();
      const hub = await other.as(me).transaction((tx) => {
        const made = tx.create(Box, { name: "hub" });
        made.allowRoot(owner, "connect");
        return made.id;
      });
      await other.as(owner).transaction(async (tx) => {
        const made = await tx.require(Box, hub);
        for (let i = 0; i < 80; i++) made.connect(Box, { name: `${i}` }, via(Has));
        tx.root.allowRoot(me, "read");
      });
      const begun = signal();
      const counts: number[] = [];
      let attempts = 0;
      const counting = graph.as(me.id).transaction(async (tx) => {
        attempts += 1;
        const made = await tx.require(Box, hub);
        begun.give();
        counts.push(await made.out(Has).count());
      });
      await other.as(owner).transaction(async (tx) => {
        tx.root.disallowRoot(me);
        await begun.given;
        await turns(wait);
      });
      await counting;
      if (attempts > 1) beganAgain += 1;
      for (const count of counts) expect([0, 80]).toContain(count);
      await Promise.all([graph.close(), other.close()]);
    }
    if (isSlow) expect(beganAgain).toBeGreaterThan(0);
  });

  const seconds: Record<string, (tx: Tx) => Promise<boolean>> = {
    scan: (tx) => tx.nodes(Box, { v: 7 }).exists(),
    "scan of edges": (tx) => tx.edges(Has, { w: 7 }).exists(),
    hop: (tx) => tx.nodes(Box, { name: "hub" }).out(Box, { v: 7 }).exists(),
    "deep hop": (tx) =>
      tx
        .nodes(Box, { name: "hub" })
        .out(Box, { v: 7 }, { depth: [1, 2] })
        .exists(),
  };
  it.skipIf(!isShared)("hold when the next read is handed out", async () => {
    let beganAgain = 0;
    for (const [what, second] of Object.entries(seconds)) {
      for (let wait = 0; wait < 25; wait++) {
        const openHere = open.place();
        const other = await openHere({ types });
        const graph = await openHere({ types, ...small });
        await other.transaction((tx) => {
          const hub = tx.create(Box, { name: "hub" });
          for (let n = 0; n < 10; n++) hub.connect(Box, { name: `${n}` }, via(Has));
          tx.create(Log, { n: 0 });
        });
        const isWritten = signal();
        const isRead = signal();
        const writing = other.transaction(async (tx) => {
          for (const each of await tx.nodes(Box).all()) if (each.name !== "hub") each.v = 7;
          for (const each of await tx.edges(Has).all()) each.w = 7;
          (await tx.nodes(Log).one()).n = 7;
          isWritten.give();
          await isRead.given;
          await turns(wait);
        });
        await isWritten.given;
        const pairs: unknown[] = [];
        let attempts = 0;
        await graph.transaction(async (tx) => {
          attempts += 1;
          const first = await tx.nodes(Log, { n: 7 }).exists();
          isRead.give();
          pairs.push([first, await second(tx)]);
        });
        await writing;
        if (attempts > 1) beganAgain += 1;
        for (const pair of pairs)
          expect(
            [
              [false, false],
              [true, true],
            ],
            what,
          ).toContainEqual(pair);
        await Promise.all([graph.close(), other.close()]);
      }
    }
    if (isSlow) expect(beganAgain).toBeGreaterThan(0);
  });

  it("of pending writes: a visit finds a new node as it was at the call", async () => {
    const graph = await open({ types });
    const met: string[] = [];
    const changing = walker("changing", { input: {} })
      .entry(Root, (w, here) => {
        const written = here.connect(Box, { name: "written", v: 1 });
        const granted = here.connect(Box, { name: "granted", v: 1 });
        granted.grant("read");
        w.visit(here.out(Box, { v: 1 }));
        written.v = 2;
        granted.v = 2;
        w.visit(here.out(Box, { v: 2, name: "written" }));
        written.v = 3;
      })
      .entry(Box, (_w, here) => void met.push(`${here.name} ${here.v}`));
    await graph.spawn(changing, {});
    expect(met).toEqual(["written 3", "granted 2", "written 3"]);
  });
});

/** Nothing stays in L1 that the next read could do without. */
const small: Pick<OpenOptions, "cache"> = { cache: { maxEntries: 24 } };
