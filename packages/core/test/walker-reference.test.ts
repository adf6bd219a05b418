import { classes, FakeGraph, type FakeRun, locationOfRef, walkFake } from "./walker-reference-fake.ts";
import {
  describeWalkerRows,
  type Here,
  type RowRun,
  type RowSpawn,
  type RowWorld,
} from "./walker-reference-rows.ts";

/** Numbers that look random and are always the same. */
function drawn(): (n: number) => number {
  let state = 7;
  return (n) => {
    state = (state * 48271) % 2147483647;
    return state % n;
  };
}

function fakeWorld(draw: (() => (n: number) => number) | undefined): RowWorld {
  return {
    classes,
    nameOf: (here) => here.id as never,
    find: (w, ref) => (w as unknown as { get(type: unknown, id: string): Here }).get(undefined, ref),
    async spawn(script, walker, options: RowSpawn = {}): Promise<RowRun> {
      const graph = new FakeGraph(script);
      const { at } = options;
      const { run, graph: after }: FakeRun = await walkFake(
        walker,
        { graph, handlers: options.handlers, draw: draw?.() },
        {
          input: options.input,
          maxVisits: options.maxVisits,
          at: (unit) => {
            if (at === undefined) return unit.entity(0);
            if (typeof at === "string") return unit.entity(locationOfRef(at));
            return at.map((ref) => unit.entity(locationOfRef(ref)));
          },
        },
      );
      return { run, exists: (ref) => after.exists(locationOfRef(ref)) };
    },
  };
}

describeWalkerRows("walkers over a unit that answers at once", () => fakeWorld(undefined));
describeWalkerRows("walkers over a unit that answers late", () => fakeWorld(drawn));
