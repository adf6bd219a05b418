import { expect, test } from "vitest";
import { checkTypes } from "../../test/type-check.ts";

// The compiler's work grows with every type that is instantiated. Apps have large schemas, and editors check them at
// every key: this one, with every feature used by each of its types, says when a change of ours makes that dearer.

const nodeTypes = 100;
const edgeTypes = 100;
const walkers = 100;

const maxInstantiations = 400_000;

function nodeType(i: number): string {
  const fields = `{
    name: z.string(),
    count${i}: z.int().default(0),
    topic: z.string().optional(),
    tags: z.array(z.string()).default([]),
    at: z.date(),
    kind: z.enum(["a${i}", "b${i}"]).nullable(),
  }`;
  // Every tenth type extends the one before it.
  const base =
    i % 10 === 9
      ? `N${i - 1}.extend("N${i}", { extra${i}: z.number() }, { index: ["name", "extra${i}"] })`
      : `node("N${i}", ${fields}, {
    unique: [{ fields: ["name"], per: "owner" }],
    index: ["at"],
    access: (record, me) => (record.tags.includes(me) ? "read" : undefined),
  })`;
  return `export class N${i} extends ${base} {
  rename${i}(name: string) { this.name = name; this.tags = [...this.tags, name]; }
  next${i}() { return this.out(E${i}, { weight: gte(5) }).all(); }
  near${i}() { return this.both(E${i}).edges().limit(5).all(); }
  grow${i}() { return this.connect(N${(i + 1) % nodeTypes}, N${(i + 1) % nodeTypes}.sample${(i + 1) % nodeTypes}(), via(E${i}, { weight: 1 })); }
  static sample${i}() { return { name: "x", at: new Date(), kind: null, ${i % 10 === 9 ? `extra${i}: 1` : ""} }; }
}`;
}

function edgeType(i: number): string {
  const ends = `{ from: () => N${i}, to: () => N${(i + 1) % nodeTypes} }`;
  return `export class E${i} extends edge("E${i}", { weight: z.number(), note${i}: z.string().optional() }, ${ends}) {}`;
}

function walkerType(i: number): string {
  return `export const w${i} = walker("w${i}", {
  input: { name: z.string(), limit: z.int().default(10), tags${i}: z.array(z.string()) },
  report: z.object({ id: z.string(), depth: z.number() }),
  state: () => ({ seen: 0 }),
})
  .entry(Root, (w, here) => { w.visit(here.out(N${i}, { name: w.name })).else(() => w.visit(here.connect(N${i}, N${i}.sample${i}()))); })
  .entry(N${i}, (w, here) => { here.rename${i}(w.name); w.state.seen += 1; w.visit(here.out(E${i}, { weight: gte(w.limit) })); })
  .entry([N${i}, E${i}], (w, here) => { w.report({ id: here.id, depth: w.state.seen }); })
  .exit((w) => { w.disengage(); });
export const h${i} = handlers(N${i}).entry(w${i}, (here, w) => { w.report({ id: here.name, depth: w.limit }); });
export async function use${i}(session: Session) {
  const run = await session.spawn(w${i}, { name: "x", tags${i}: [] });
  return session.transaction(async (tx) => {
    const found = await tx.nodes(N${i}, or({ name: run.reports[0]!.id }, { at: gte(new Date()) })).orderBy("at").limit(5).all();
    await tx.ensure(N${i}, { name: "x" }, N${i}.sample${i}());
    return found[0]!.next${i}();
  });
}`;
}

function largeSchema(): string {
  const range = (count: number) => Array.from({ length: count }, (_, i) => i);
  return [
    `import { z } from "zod";`,
    `import { gte, or } from "../model/operator.ts";`,
    `import { edge, via } from "../schema/edge.ts";`,
    `import { node, Root } from "../schema/node.ts";`,
    `import { handlers } from "../walker/handlers.ts";`,
    `import { walker } from "../walker/walker.ts";`,
    `import type { Session } from "./session.ts";`,
    ...range(nodeTypes).map(nodeType),
    ...range(edgeTypes).map(edgeType),
    ...range(walkers).map(walkerType),
  ].join("\n");
}

test("a schema of 200 types and 100 walkers is checked with little work", () => {
  const { errors, instantiations } = checkTypes(largeSchema());
  expect(errors).toEqual([]);
  expect(instantiations).toBeLessThan(maxInstantiations);
  // A program that checked nothing would need next to none.
  expect(instantiations).toBeGreaterThan(50_000);
});
