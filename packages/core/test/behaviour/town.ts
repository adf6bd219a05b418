import { z } from "zod";
import { edge, type Graph, node, via } from "../../src/index.ts";

// A small town that the query tests ask about.

export class Place extends node(
  "Place",
  { name: z.string(), size: z.int().optional() },
  { index: ["size"] },
) {}
export class House extends Place.extend("House", { floors: z.int().default(1) }) {}
export class Person extends node(
  "Person",
  { name: z.string(), age: z.int().optional(), mail: z.string().optional() },
  { unique: ["mail"], index: ["age"] },
) {}

export class Lives extends edge("Lives", { since: z.int() }, { from: Person, to: Place }) {}
export class Owns extends Lives.extend("Owns", { share: z.number().default(1) }) {}
export class Knows extends edge("Knows", { since: z.int().optional() }, { undirected: true }) {}
export class Leads extends edge("Leads", { meters: z.int() }, { from: Place, to: Place }) {}

export const types = [Place, House, Person, Lives, Owns, Knows, Leads];

export function names(nodes: readonly { readonly name: string }[]): string[] {
  return nodes.map(({ name }) => name);
}

/** The square with the streets a, b and c, which lead on to one another: square → a → b → c, square → c. */
export async function streets(graph: Graph): Promise<void> {
  await graph.transaction((tx) => {
    const square = tx.root.connect(Place, { name: "square", size: 9 });
    const a = square.connect(Place, { name: "a", size: 3 }, via(Leads, { meters: 100 }));
    const b = a.connect(House, { name: "b", floors: 2 }, via(Leads, { meters: 50 }));
    const c = b.connect(Place, { name: "c", size: 1 }, via(Leads, { meters: 10 }));
    square.link(c, via(Leads, { meters: 70 }));
  });
}
