import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { edge, type Graph, node, Root, type Tx, via, walker } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

// Whoever reads an error looks for the line of their own that led to it: it is in the trace, within the default length.

class Room extends node("Room", { name: z.string(), size: z.int().default(1) }, { unique: ["name"] }) {}
class Door extends edge("Door", {}, { from: Room, to: Room }) {}
const types = [Room, Door];

const makeLobby = walker("make_lobby").entry(Root, (_w, here) => {
  here.connect(Room, { name: "lobby" });
});
const traces = Error as { stackTraceLimit: number | undefined };
const misuse = (field: string): never => field as never;

const mistakes: Readonly<Record<string, (graph: Graph) => Promise<unknown>>> = {
  "one that finds nothing": (graph) => graph.nodes(Room, { name: "attic" }).one(),
  "one that finds more": (graph) => graph.nodes(Room).one(),
  "one of rows": (graph) => graph.nodes(Room, { name: "attic" }).select("name").one(),
  "one inside of a unit": (graph) =>
    graph.transaction(async (tx) => await tx.nodes(Room, { name: "attic" }).one()),
  "one behind a hop": (graph) => graph.nodes(Room, { name: "lobby" }).out(Door).one(),
  "a taken key": (graph) => graph.transaction((tx) => tx.create(Room, { name: "lobby" })),
  "a taken key after a wait": (graph) =>
    graph.transaction(async (tx) => {
      await tx.nodes(Room).count();
      tx.create(Room, { name: "lobby" });
    }),
  "a taken key in a walk": (graph) => graph.spawn(makeLobby),
  "a field that is none": async (graph) => graph.nodes(Room).select(misuse("nmae")).all(),
  "a sum of texts": (graph) => graph.nodes(Room).sum(misuse("name")),
  "a cursor that is none": (graph) => graph.nodes(Room).after("x").page(),
  "an id that is none": (graph) => graph.get(Room, "x"),
};

forEachStore("the trace of an error", (open) => {
  // What programs have where nobody says otherwise; the test runner says otherwise.
  const limitOfTests = traces.stackTraceLimit;
  beforeAll(() => {
    traces.stackTraceLimit = 10;
  });
  afterAll(() => {
    traces.stackTraceLimit = limitOfTests;
  });

  async function house(): Promise<Graph> {
    const graph = await open({ types });
    await graph.transaction((tx: Tx) => {
      const [lobby, cellar] = tx.create(Room, [{ name: "lobby" }, { name: "cellar" }]);
      lobby!.link(cellar!, via(Door));
      lobby!.link(tx.create(Room, { name: "hall" }), via(Door));
    });
    return graph;
  }

  it.each(Object.entries(mistakes))("leads to who made it: %s", async (_what, mistake) => {
    const graph = await house();
    async function whoMadeIt(): Promise<void> {
      await mistake(graph);
    }
    const error: unknown = await whoMadeIt().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expect.stringMatching(/^RW_/) });
    expect((error as Error).stack).toContain("whoMadeIt");
  });

  it("leaves the length of other errors' traces as it was", async () => {
    const graph = await house();
    await expect(graph.nodes(Room).one()).rejects.toThrow("more than one Room");
    expect(traces.stackTraceLimit).toBe(10);
  });

  it("names the unit that failed, and not the one that it was committed with", async () => {
    const graph = await house();
    async function fine(name: string): Promise<void> {
      await graph.transaction(async (tx) => void tx.create(Room, { name }));
    }
    async function failing(): Promise<void> {
      await graph.transaction(async (tx) => void tx.create(Room, { name: "lobby" }));
    }
    const [, outcome] = await Promise.allSettled([fine("a"), failing(), fine("b")]);
    const { stack } = (outcome as PromiseRejectedResult).reason as Error;
    expect(stack).toContain("failing");
    expect(stack).not.toContain("fine");
  });
});
