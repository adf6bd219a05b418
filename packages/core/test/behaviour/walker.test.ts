import { expect, test } from "vitest";
import { gt, Root, via, walker } from "../../src/index.ts";
import type { Ref } from "../walker-reference.ts";
import { classes } from "../walker-reference-fake.ts";
import { describeWalkerRows, type Here, type RowWorld } from "../walker-reference-rows.ts";
import { forEachStore, type Open } from "./stores.ts";
import { House, Leads, Lives, Person, Place, streets, types } from "./town.ts";
import { buildGraph } from "./walker-graph.ts";

function graphWorld(open: Open): RowWorld {
  let names: Awaited<ReturnType<typeof buildGraph>>;
  return {
    classes,
    nameOf: (here) => names.refOf(here.id),
    find: async (w, ref) => (await names.find(w as never, ref)) as unknown as Here,
    async spawn(script, walker, { at = "n0", handlers = [], input = {}, maxVisits } = {}) {
      const graph = await open({ types: Object.values(classes), handlers: handlers as never });
      const built = await buildGraph(graph, script);
      names = built;
      const run = await graph.spawn(walker as never, input as never, {
        at: typeof at === "string" ? built.record(at) : (at as readonly Ref[]).map(built.record),
        ...(maxVisits === undefined ? {} : { maxVisits }),
      });
      return {
        run,
        exists: (ref) => graph.transaction(async (tx) => (await built.find(tx, ref)) !== undefined),
      };
    },
  };
}

forEachStore("walkers", (open) => {
  describeWalkerRows("over a graph", () => graphWorld(open));

  test("what was made and deleted before a checkpoint is gone after it", async () => {
    const graph = await open({ types: Object.values(classes) });
    const trace: string[] = [];
    const walk = walker("checkpoint")
      .entry(Root, (w, here) => w.visit(here.connect(classes.c)))
      .entry(classes.c, (w, made) => {
        made.delete();
        w.commit();
      })
      .exit(() => trace.push("exit"));
    await graph.spawn(walk);
    expect(trace).toEqual([]);
  });

  test("handlers find edges of a type, those that the walk has made among them", async () => {
    const graph = await open({ types });
    await streets(graph);
    const lengths = walker("lengths").entry(Root, async (w, here) => {
      const [x, y] = here.connect(Place, [{ name: "x" }, { name: "y" }]);
      x!.link(y!, via(Leads, { meters: 900 }));
      for (const street of await w.edges(Leads, { meters: gt(60) }).all()) w.report(street.meters);
      w.visit(w.edges(Leads, { meters: 10 }));
    });
    const walked = lengths.entry(Leads, (w, street) => w.report(-street.meters));
    expect((await graph.spawn(walked)).reports).toEqual([100, 70, 900, -10]);
  });

  test("what handlers ask of one node is read for the next ones of its type together", async (context) => {
    // An L1 that keeps next to nothing reads again and again.
    if (open.store.cache !== undefined) context.skip();
    const statements: number[] = [];
    for (const places of [8, 80]) {
      const openHere = open.place();
      const graph = await openHere({ types });
      await graph.transaction((tx) => {
        for (let i = 0; i < places; i++) {
          const place = tx.root.connect(Place, { name: `p${i}`, size: 1 });
          place.connect(House, { name: "h" }, via(Leads, { meters: i }));
          tx.create(Person, { name: "ann" }).link(place, via(Lives, { since: i }));
        }
      });
      await graph.close();
      const survey = walker("survey", { state: () => ({ people: 0, meters: 0 }) })
        .entry(Root, (w) => w.visit(w.nodes(Place, { size: 1 })))
        .entry(Place, async (w, place) => {
          w.state.people += await place.in(Lives).count();
          for (const { meters } of await place.out(Leads).edges().all()) w.state.meters += meters;
        });
      const again = await openHere({ types });
      const before = again.status().store.counters.statements;
      const { state } = await again.spawn(survey);
      statements.push(again.status().store.counters.statements - before);
      expect(state).toEqual({ people: places, meters: (places * (places - 1)) / 2 });
    }
    // One by one it would take two for each place.
    expect(statements[1]! - statements[0]!).toBeLessThan(12);
  });
});
