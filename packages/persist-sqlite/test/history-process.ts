import { type Graph, openGraph } from "@rootwalk/core";
import fc from "fast-check";
import type { NotedUnit } from "../../core/src/testing/history/history.ts";
import { type Context, lastUnit, type Program, playProgram, sharedBy } from "../../core/test/history/play.ts";
import { types, type World } from "../../core/test/history/world.ts";
import { sqlite } from "../src/index.ts";

// Another process on the same file: `history-process.ts PATH NAME NUMBER SEED`. Plays what its parent tells it.

/** What the parent says. */
export type Order = { readonly world: World; readonly programs: readonly Program[] } | "last" | "end";

/** What it answers: what its units did, with the names of what they made. */
export interface Report {
  readonly units: readonly NotedUnit[];
  readonly names: Readonly<Record<string, string>>;
  readonly conflicts: number;
  /** Whether a walk ended of which nobody knows how far it came. */
  readonly isVoid: boolean;
}

const [path = "", name = "", number = "0", seed = "1"] = process.argv.slice(2);

/** No number is given twice, by any process. */
let stamps = (Number(number) + 1) * 1_000_000;
let random = Number(seed);

function draw(below: number): number {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((random / 2 ** 32) * below);
}

/** The clock that all processes of a machine share, in milliseconds. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Goes on at once, in a later turn of the event loop, or after some time. */
function step(): Promise<unknown> {
  const ms = draw(4);
  if (ms < 2) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => setTimeout(resolve, ms - 2));
}

const graph: Graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });
let context: Context | undefined;

async function play(world: World, programs: readonly Program[]): Promise<Report> {
  const units: NotedUnit[] = [];
  const shared = sharedBy(world, () => ++stamps);
  context = { step, world, shared, units, tick: now };
  const before = graph.status().units.conflicts;
  let isVoid = false;
  await Promise.all(
    programs.map(async (program, i) => {
      try {
        await playProgram(context!, graph, name, `U${i + 1} of ${name}`, program);
      } catch (error) {
        if (!(error instanceof fc.PreconditionFailure)) throw error;
        isVoid = true;
      }
    }),
  );
  return { units, names: shared.names, conflicts: graph.status().units.conflicts - before, isVoid };
}

async function last(): Promise<Report> {
  const { world, shared } = context!;
  const units: NotedUnit[] = [];
  await lastUnit({ step, world, shared, units, tick: now }, graph, name);
  return { units, names: {}, conflicts: 0, isVoid: false };
}

process.on("message", (order: Order) => {
  if (order === "end") {
    void graph.close().then(() => process.disconnect());
    return;
  }
  const report = order === "last" ? last() : play(order.world, order.programs);
  report.then(
    (done) => process.send!(done),
    (error: unknown) =>
      process.send!({ error: error instanceof Error ? String(error.stack) : String(error) }),
  );
});
process.send!("ready");
