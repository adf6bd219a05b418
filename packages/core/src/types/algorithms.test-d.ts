import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  connectedComponents,
  type Path,
  shortestPath,
  simplePaths,
  topologicalOrder,
} from "../algorithms.ts";
import { edge, gt, type Id, node } from "../index.ts";
import type { AnyEdge, AnyNode } from "./graph-types.ts";
import type { Tx } from "./tx.ts";
import type { WalkControls } from "./walker.ts";

class City extends node("City", { name: z.string(), beds: z.int() }) {}
class Port extends City.extend("Port", { depth: z.number() }) {}
class Road extends edge(
  "Road",
  { km: z.number(), name: z.string(), toll: z.number().optional() },
  { from: City, to: City },
) {}
class Ferry extends edge("Ferry", { hours: z.number() }, { from: Port, to: Port }) {}

declare const tx: Tx;
declare const w: WalkControls<unknown, unknown>;
declare const city: City;
declare const port: Port;
declare const id: Id;

test("a path has the types of what it leads over", async () => {
  const path = await shortestPath(tx, city, port, { along: (place) => place.out(Road, { km: gt(1) }) });
  expectTypeOf(path).toEqualTypeOf<Path<City, Road, City, Port> | undefined>();
  expectTypeOf(path!.nodes).toEqualTypeOf<readonly (City | Port)[]>();
  expectTypeOf(path!.edges).toEqualTypeOf<readonly Road[]>();
  expectTypeOf(path!.end.depth).toEqualTypeOf<number>();

  const nearest = await shortestPath(w, id, Port, {
    along: [(place) => place.out(Road), (place) => place.both(Ferry)],
    where: { depth: gt(9) },
    weight: (each) => ("km" in each ? each.km : each.hours),
  });
  expectTypeOf(nearest!.start).toEqualTypeOf<AnyNode>();
  expectTypeOf(nearest!.end).toEqualTypeOf<Port>();
  expectTypeOf(nearest!.edges).toEqualTypeOf<readonly (Road | Ferry)[]>();

  const any = await shortestPath(tx, id, id, { along: (place) => place.out() });
  expectTypeOf(any!.edges).toEqualTypeOf<readonly AnyEdge[]>();
  for await (const simple of simplePaths(tx, city, Port, { along: (place) => place.out(Road), maxDepth: 3 }))
    expectTypeOf(simple.end).toEqualTypeOf<Port>();
});

test("a weight is a field of numbers, and a function sees the fields of the edges", () => {
  const along = (place: AnyNode) => place.out(Road);
  void shortestPath(tx, city, port, { along, weight: "km" });
  void shortestPath(tx, city, port, { along, weight: "toll" });
  // @ts-expect-error a text is no weight
  void shortestPath(tx, city, port, { along, weight: "name" });
  // @ts-expect-error roads have no such field
  void shortestPath(tx, city, port, { along, weight: "hours" });
  void shortestPath(tx, city, port, {
    along,
    weight: (road) => {
      expectTypeOf(road.toll).toEqualTypeOf<number | undefined>();
      return road.km;
    },
  });
  // @ts-expect-error a field of the type that is looked for
  void shortestPath(tx, city, Port, { along, where: { km: 1 } });
  // @ts-expect-error paths without end
  simplePaths(tx, city, port, { along });
  // @ts-expect-error one hop
  void shortestPath(tx, city, port, { along: (place: AnyNode) => place.out(Road).edges() });
});

test("components and orders are of the nodes that were asked for", async () => {
  const groups = await connectedComponents(tx.nodes(City), { along: (place) => place.out(Road) });
  expectTypeOf(groups).toEqualTypeOf<City[][]>();
  const { order, cycle } = await topologicalOrder(tx.nodes(City), { along: (place) => place.out(Road) });
  expectTypeOf(order).toEqualTypeOf<City[] | undefined>();
  expectTypeOf(cycle).toEqualTypeOf<Path<City, Road> | undefined>();
});
