import { describe, expect, test } from "vitest";
import {
  C,
  E,
  type FakeEntity,
  FakeGraph,
  type FakeRun,
  walkFake,
} from "../../test/walker-reference-fake.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { walker } from "./walker.ts";

interface Walk {
  readonly state: { [name: string]: unknown };
  visit(target: unknown, options?: object): { else(f: () => unknown): void };
  report(value: unknown): void;
  commit(): void;
  spawn(walker: unknown, input: object, options: object): Promise<unknown>;
}
interface Chain {
  entry(...args: unknown[]): Chain;
  exit(...args: unknown[]): Chain;
}
const define = walker as unknown as (name: string, options?: object) => Chain;

/** A path of `length` nodes, each with an edge to the next. */
function path(length: number): FakeGraph {
  const graph = new FakeGraph();
  const c = new FakeGraph({ nodes: ["c"], edges: [] }).typeOf(0);
  const e = new FakeGraph({ nodes: ["c"], edges: [{ type: "e", from: 0, to: 0 }] }).typeOf(1);
  for (let i = 0; i < length; i++) graph.addNode(c);
  for (let i = 1; i < length; i++) graph.addEdge(e, i - 1, i);
  return graph;
}

const onward = (w: Walk, here: FakeEntity) => void w.visit(here.out());

describe("a long chain", () => {
  test("of 1,000,000 nodes is walked at once, where everything is there and handlers are synchronous", () => {
    const run = walkFake(define("long").entry(C, onward), { graph: path(1_000_000) }) as FakeRun;
    expect(run.isSync).toBe(true);
    expect(run.run.visits).toBe(1_000_000);
  });

  test("of 1,000,000 nodes unwinds its exits", () => {
    const walk = define("long", { state: () => ({ left: 0 }) })
      .entry(C, onward)
      .exit(C, (w: Walk) => {
        w.state.left = (w.state.left as number) + 1;
      });
    const { run } = walkFake(walk, { graph: path(1_000_000) }) as FakeRun;
    expect(run).toMatchObject({ visits: 1_000_000, state: { left: 1_000_000 } });
  });

  test("of 200,000 is walked by asynchronous handlers", async () => {
    const walk = define("long").entry(C, async (w: Walk, here: FakeEntity) => onward(w, here));
    const { run } = await walkFake(walk, { graph: path(200_000) });
    expect(run.visits).toBe(200_000);
  });
});

describe("the event loop", () => {
  test("gets its turn about every 8 ms of a long walk", async () => {
    // A look at the clock every 16 steps, a millisecond apart.
    const { yields } = await walkFake(define("long").entry(C, onward), { graph: path(16 * 100), tickMs: 1 });
    expect(yields).toBeGreaterThan(8);
    expect(yields).toBeLessThan(13);
  });
});

describe("reading ahead", () => {
  test("loads up to 256 queued locations at once, and fewer where they do not stay", async () => {
    const star = new FakeGraph({ nodes: ["c"], edges: [] });
    const c = star.typeOf(0);
    const e = path(2).typeOf(1);
    for (let i = 1; i <= 2000; i++) star.addEdge(e, 0, star.addNode(c));
    const walk = define("star").entry(C, onward);
    const all = await walkFake(walk, { graph: star.copy(), draw: (n) => n - 1 });
    expect(all.unit.prefetches).toEqual([1, 256, 256, 256, 256, 256, 256, 256, 208]);
    let i = 0;
    const half = await walkFake(walk, { graph: star.copy(), draw: (n) => i++ % n });
    expect(half.run.visits).toBe(2001);
    expect(half.unit.prefetches.length).toBeGreaterThan(all.unit.prefetches.length);
  });
});

describe("checkpoints", () => {
  test("w.commit() takes effect when the handler is done, in a nested spawn when the outermost is", async () => {
    const events: string[] = [];
    const inner = define("inner")
      .entry(C, (w: Walk) => {
        w.commit();
        events.push("inner 1");
      })
      .entry(C, () => events.push("inner 2"));
    const outer = define("outer").entry(C, async (w: Walk, here: FakeEntity) => {
      await w.spawn(inner, {}, { at: here });
      w.visit(here.out());
      events.push(`outer ${here.id}`);
    });
    const { commits } = await walkFake(outer, {
      graph: path(2),
      onCheckpoint: (checkpoint) => events.push(`commit ${checkpoint.queue.to - checkpoint.queue.from}`),
    });
    expect(events).toEqual([
      "inner 1",
      "inner 2",
      "outer n0",
      "commit 1",
      "inner 1",
      "inner 2",
      "outer n1",
      "commit 0",
    ]);
    expect(commits).toBe(2);
  });

  test("a later conflict replays from there, with state, reports and here as they were", async () => {
    const attempts: string[] = [];
    const walk = define("sums", { state: () => ({ sum: 0 }) })
      .entry(C, (w: Walk, here: FakeEntity) => {
        attempts.push(here.id);
        w.state.sum = (w.state.sum as number) + 1;
        w.report(here.id);
        w.visit(here.out());
        if (here.id === "n1") w.commit();
      })
      .entry(C, (_w: Walk, here: FakeEntity) => expect(here.unit.isClosed).toBe(false))
      .exit(C, (w: Walk, here: FakeEntity) => w.report(`X${here.id}`));
    // The unit is asked once to start, once for each visit and once for the commit: the fifth time by n2.
    const { run } = await walkFake(walk, { graph: path(4), conflictsAfter: [5] });
    expect(attempts).toEqual(["n0", "n1", "n2", "n2", "n3"]);
    expect(run).toEqual({
      reports: ["n0", "n1", "n2", "n3", "Xn3", "Xn2", "Xn1", "Xn0"],
      state: { sum: 4 },
      visits: 4,
      disengaged: false,
    });
  });

  test("state that cannot be kept is a TypeError", () => {
    const walk = define("bad", { state: () => ({ f: () => {} }) }).entry(C, (w: Walk) => w.commit());
    expect(() => walkFake(walk, { graph: path(1) })).toThrow(TypeError);
  });

  test("one can be gone on from as often as it must", async () => {
    let kept: Checkpoint | undefined;
    const walk = define("again", { state: () => ({ seen: [] as string[] }) }).entry(
      C,
      (w: Walk, here: FakeEntity) => {
        (w.state.seen as string[]).push(here.id);
        w.visit(here.out());
        if (here.id === "n1") w.commit();
      },
    );
    const { run } = await walkFake(walk, {
      graph: path(3),
      conflictsAfter: [4, 5, 6],
      onCheckpoint: (checkpoint) => (kept = checkpoint),
    });
    expect(run.state).toEqual({ seen: ["n0", "n1", "n2"] });
    expect(kept?.state).toEqual({ seen: ["n0", "n1"] });
  });
});

describe("controls", () => {
  test("are refused when no handler runs", async () => {
    const kept: Walk[] = [];
    let visit: ReturnType<Walk["visit"]> | undefined;
    const walk = define("late").entry(C, (w: Walk, here: FakeEntity) => {
      kept.push(w);
      visit = w.visit(here.out());
    });
    await walkFake(walk, { graph: path(1) });
    const [w] = kept as [Walk];
    for (const call of [
      () => w.visit([]),
      () => w.report(1),
      () => w.commit(),
      () => visit?.else(() => {}),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: "RW_CLOSED" }));
    }
  });

  test("the walk's context takes no properties", async () => {
    const walk = define("frozen").entry(C, (w: Walk) => {
      expect(() => Object.assign(w, { mine: 1 })).toThrow(TypeError);
    });
    await walkFake(walk, { graph: path(1) });
  });

  test("a handler for a type that the graph was not opened with is refused", async () => {
    const { node } = await import("../schema/node.ts");
    class Stranger extends node("Stranger", {}) {}
    const walk = define("stranger").entry([C, Stranger, E], () => {});
    expect(() => walkFake(walk, { graph: path(1) })).toThrow(
      expect.objectContaining({ code: "RW_UNKNOWN_TYPE" }),
    );
  });
});
