import { expectTypeOf } from "vitest";
import { z } from "zod";
import { and, contains, eq, gt, gte, lt, ne, not, oneOf, or, startsWith } from "../model/operator.ts";
import { Edge, edge, via } from "../schema/edge.ts";
import { node, Root } from "../schema/node.ts";
import type { AnyEdge, AnyNode, NodeClass, Page, Pair } from "./graph-types.ts";
import type { Session, Tx } from "./session.ts";

// Queries, filters and connections know the types they lead to.

class Person extends node(
  "Person",
  {
    name: z.string(),
    age: z.int().optional(),
    kind: z.enum(["human", "bot"]),
    tags: z.array(z.string()),
    born: z.date(),
    big: z.bigint(),
    note: z.string().nullable(),
    seen: z.set(z.number()),
    active: z.boolean(),
    address: z.object({ city: z.string() }).optional(),
  },
  { unique: ["name"] },
) {}
class Company extends node("Company", { name: z.string() }) {}
class Works extends edge(
  "Works",
  { since: z.number(), role: z.string().optional() },
  { from: Person, to: Company },
) {}
class Leads extends Works.extend("Leads", { title: z.string() }) {}
class Knows extends edge("Knows", {}, { from: Person, to: Person, undirected: true }) {}
const named = { name: z.string() };
const stars = { stars: z.number() };
class Likes extends edge("Likes", stars) {}
class Hates extends edge("Hates", stars) {}

declare const tx: Tx;
declare const session: Session;
declare const ann: Person;
declare const acme: Company;

export async function queries(): Promise<void> {
  expectTypeOf(await ann.out(Works).all()).toEqualTypeOf<Company[]>();
  expectTypeOf(await acme.in(Works).all()).toEqualTypeOf<Person[]>();
  expectTypeOf(await ann.both(Works).all()).toEqualTypeOf<(Person | Company)[]>();
  expectTypeOf(await ann.both(Knows).all()).toEqualTypeOf<Person[]>();
  expectTypeOf(await ann.out(Likes).all()).toEqualTypeOf<AnyNode[]>();
  expectTypeOf(await ann.out(Company).all()).toEqualTypeOf<Company[]>();
  expectTypeOf(await ann.out().all()).toEqualTypeOf<AnyNode[]>();
  expectTypeOf(await ann.out(Works).edges().all()).toEqualTypeOf<Works[]>();
  expectTypeOf(await ann.out(Leads).edges().first()).toEqualTypeOf<Leads | undefined>();
  expectTypeOf(await ann.out(Company).edges().all()).toEqualTypeOf<AnyEdge[]>();
  expectTypeOf(await ann.out(Works).pairs().all()).toEqualTypeOf<Pair<Company, Works>[]>();
  expectTypeOf(await ann.out(Works).after(undefined).ids()).toEqualTypeOf<string[]>();
  expectTypeOf(await ann.out(Works).limit(5).pairs().page()).toEqualTypeOf<Page<Pair<Company, Works>>>();
  expectTypeOf(await ann.out(Works).in(Works).out(Knows).ids()).toEqualTypeOf<string[]>();
  expectTypeOf(await ann.out().ofType(Person).one()).toEqualTypeOf<Person>();
  expectTypeOf(await ann.out(Works).ofType(Company).edges().all()).toEqualTypeOf<Works[]>();
  expectTypeOf(await ann.out(Knows, {}, { depth: [1, 3] }).count()).toEqualTypeOf<number>();
  expectTypeOf(await tx.nodes(Person, { name: "ann" }).exists()).toEqualTypeOf<boolean>();
  expectTypeOf(await tx.edges(Works, { since: gte(5) }).all()).toEqualTypeOf<Works[]>();
  expectTypeOf(await tx.edges(Math.random() < 0.5 ? Works : Likes).count()).toEqualTypeOf<number>();
  expectTypeOf(await session.nodes(Person).filter({ age: 5 }).orderBy("name").reverse().page()).toEqualTypeOf<
    Page<Person>
  >();
  for await (const person of tx.nodes(Person).orderBy("age", "desc").limit(3).after("cursor")) {
    expectTypeOf(person).toEqualTypeOf<Person>();
  }
  for await (const { edge: works, node: company } of ann.out(Works).pairs()) {
    expectTypeOf(works.since).toEqualTypeOf<number>();
    expectTypeOf(company).toEqualTypeOf<Company>();
  }

  const updated = await ann.out(Knows).updateAll((draft) => {
    draft.tags.push("known");
    // @ts-expect-error a field of another type
    draft.name = 5;
  });
  expectTypeOf(updated).toEqualTypeOf<number>();
  expectTypeOf(await ann.out(Works).edges().deleteAll()).toEqualTypeOf<number>();
  expectTypeOf(await ann.out(Works).disconnectAll()).toEqualTypeOf<number>();
  expectTypeOf(await ann.disconnect(acme, Works, { since: 5 })).toEqualTypeOf<number>();

  expectTypeOf(await tx.get(Person, "id")).toEqualTypeOf<Person | undefined>();
  expectTypeOf(await tx.require(Works, "id")).toEqualTypeOf<Works>();
  expectTypeOf((await tx.require(Works, "id")).source()).toEqualTypeOf<Promise<Person>>();
  expectTypeOf((await tx.require(Leads, "id")).target()).toEqualTypeOf<Promise<Company>>();

  // @ts-expect-error a query is not a promise
  (await ann.out(Works)).length;
  // @ts-expect-error an edge type is no node type
  tx.nodes(Works);
  // @ts-expect-error a node type is no edge type
  tx.edges(Person);
  // @ts-expect-error a field of the edge, not of the node
  ann.out(Works).filter({ since: 5 });
  ann.out(Works, { since: 5 }).filter({ name: "acme" });
}

export async function rows(): Promise<void> {
  const people = tx.nodes(Person).select("name", "age").orderBy("born").limit(5);
  expectTypeOf(await people.all()).toEqualTypeOf<
    { readonly id: string; readonly name: string; readonly age: number | undefined }[]
  >();
  expectTypeOf(await people.first()).toEqualTypeOf<
    { readonly id: string; readonly name: string; readonly age: number | undefined } | undefined
  >();
  expectTypeOf(await people.ids()).toEqualTypeOf<string[]>();
  expectTypeOf(await tx.nodes(Person).select("tags").one()).toEqualTypeOf<{
    readonly id: string;
    readonly tags: readonly string[];
  }>();
  expectTypeOf(await ann.out(Leads).edges().select("title", "targetId").page()).toEqualTypeOf<
    Page<{ readonly id: string; readonly title: string; readonly targetId: string }>
  >();
  for await (const { edge: works, node: company } of ann
    .out(Works)
    .pairs()
    .select({ edge: { since: true, sourceId: true }, node: { name: true } })) {
    expectTypeOf(works).toEqualTypeOf<{
      readonly id: string;
      readonly since: number;
      readonly sourceId: string;
    }>();
    expectTypeOf(company).toEqualTypeOf<{ readonly id: string; readonly name: string }>();
  }
  expectTypeOf(await ann.out().select("name").all()).toEqualTypeOf<
    { readonly id: string; readonly name: unknown }[]
  >();

  // @ts-expect-error an unknown field
  tx.nodes(Person).select("nope");
  // @ts-expect-error no field
  tx.nodes(Person).select();
  // @ts-expect-error a node has no ends
  tx.nodes(Person).select("sourceId");
  const pairs = ann.out(Works).pairs();
  // @ts-expect-error a field of the edge, not of the node
  pairs.select({ edge: { since: true }, node: { since: true } });
  // @ts-expect-error rows lead nowhere
  people.out(Works);
  // @ts-expect-error rows are only read
  (await people.one()).name = "bob";
}

export async function nestedRows(): Promise<void> {
  const found = await tx
    .nodes(Person)
    .select({
      name: true,
      age: true,
      jobs: (person) =>
        person
          .out(Works)
          .reverse()
          .limit(5)
          .select({
            name: true,
            staff: (company) => company.in(Works).select("name"),
            size: (company) => company.in(Works).count(),
          }),
      since: (person) => person.out(Works).edges().min("since"),
      last: (person) => person.out(Works).edges().select("role", "targetId").first(),
      friends: (person) => person.both(Knows).filter({ active: true }).orderBy("name"),
      kinds: (person) => person.both(Knows).countBy("kind"),
      works: (person) =>
        person
          .out(Works)
          .pairs()
          .select({ edge: { since: true }, node: { name: true } }),
    })
    .orderBy("age")
    .all();
  expectTypeOf(found).toEqualTypeOf<
    {
      readonly id: string;
      readonly name: string;
      readonly age: number | undefined;
      readonly jobs: {
        readonly id: string;
        readonly name: string;
        readonly staff: { readonly id: string; readonly name: string }[];
        readonly size: number;
      }[];
      readonly since: number | undefined;
      readonly last:
        | { readonly id: string; readonly role: string | undefined; readonly targetId: string }
        | undefined;
      readonly friends: Person[];
      readonly kinds: Map<"human" | "bot", number>;
      readonly works: Pair<
        { readonly id: string; readonly name: string },
        { readonly id: string; readonly since: number }
      >[];
    }[]
  >();
  expectTypeOf(await ann.out(Works).edges().select({ since: true }).one()).toEqualTypeOf<{
    readonly id: string;
    readonly since: number;
  }>();

  // @ts-expect-error an unknown field
  tx.nodes(Person).select({ nope: true });
  // @ts-expect-error a field is there or is not
  tx.nodes(Person).select({ name: (person) => person.out().count() });
  // @ts-expect-error a field of the edge, not of the node
  tx.nodes(Person).select({ jobs: (person) => person.out(Works).select("since") });
  // @ts-expect-error a number, and nothing that is read of each record
  tx.nodes(Person).select({ jobs: () => 5 });
  // @ts-expect-error a query of another record
  tx.nodes(Person).select({ jobs: () => ann.out(Works) });
  // @ts-expect-error texts do not add up
  tx.nodes(Person).select({ jobs: (person) => person.out(Works).sum("name") });
}

export async function aggregates(): Promise<void> {
  const people = tx.nodes(Person);
  expectTypeOf(await people.sum("age")).toEqualTypeOf<number>();
  expectTypeOf(await people.sum("big")).toEqualTypeOf<bigint | 0>();
  expectTypeOf(await people.avg("big")).toEqualTypeOf<number | undefined>();
  expectTypeOf(await people.min("born")).toEqualTypeOf<Date | undefined>();
  expectTypeOf(await people.max("kind")).toEqualTypeOf<"human" | "bot" | undefined>();
  expectTypeOf(await people.min("note")).toEqualTypeOf<string | undefined>();
  expectTypeOf(await people.countBy("age")).toEqualTypeOf<Map<number | undefined, number>>();
  expectTypeOf(await people.countBy("note")).toEqualTypeOf<Map<string | null, number>>();
  expectTypeOf(await people.groupBy("kind")).toEqualTypeOf<Map<"human" | "bot", Person[]>>();
  expectTypeOf(await ann.out(Works).edges().max("since")).toEqualTypeOf<number | undefined>();
  expectTypeOf(await ann.out(Works).edges().groupBy("role")).toEqualTypeOf<
    Map<string | undefined, Works[]>
  >();

  // @ts-expect-error texts do not add up
  await people.sum("name");
  // @ts-expect-error an unknown field
  await people.sum("nope");
  // @ts-expect-error a boolean has no average
  await people.avg("active");
  // @ts-expect-error lists have no order
  await people.min("tags");
  // @ts-expect-error objects have no order
  await people.countBy("address");
  // @ts-expect-error nodes or edges, not both
  await ann.out(Works).pairs().sum("since");
}

export function filters(): void {
  const people = tx.nodes(Person);
  people.filter({ name: "ann", age: 5, kind: "bot", born: new Date(), big: 5n, note: null, active: true });
  people.filter({ name: eq("ann"), age: ne(5), kind: eq("bot"), note: eq(null), active: eq(true) });
  people.filter({ name: gt("a"), age: gte(5), born: lt(new Date()), big: gt(5n), note: startsWith("x") });
  people.filter({
    name: oneOf(["a", "b"]),
    age: oneOf([1, 2]),
    kind: oneOf(["bot"]),
    note: oneOf(["x", null]),
  });
  people.filter({ name: contains("a"), tags: contains("b"), seen: contains(5) });
  people.filter({ address: { city: "x" }, tags: ["a"] });
  people.filter({ age: undefined, address: eq(undefined) });
  people.filter(or({ name: "a" }, { age: gt(5) }, and({ kind: "bot" }, not({ active: true }))));
  people.filter(not({ name: startsWith("a") }));
  tx.nodes(Person, or({ name: "a" }, { age: 5 }));
  ann.out(Works, not({ role: "x" }));

  // @ts-expect-error an unknown field
  people.filter({ nope: 1 });
  // @ts-expect-error a value of another type
  people.filter({ age: "5" });
  // @ts-expect-error a value that the enum does not have
  people.filter({ kind: "cat" });
  // @ts-expect-error a number is never equal to a bigint
  people.filter({ big: gt(5) });
  // @ts-expect-error a Date compared with a number
  people.filter({ born: gt(5) });
  // @ts-expect-error no text starts a number
  people.filter({ age: startsWith("5") });
  // @ts-expect-error numbers in an array of strings
  people.filter({ tags: contains(5) });
  // @ts-expect-error choices of another type
  people.filter({ age: oneOf(["5"]) });
  // @ts-expect-error an unknown field inside or()
  people.filter(or({ name: "a" }, { nope: 1 }));
  // @ts-expect-error a value of another type inside not()
  people.filter(not({ age: "5" }));
  // @ts-expect-error objects have no order
  people.filter({ address: gt({ city: "x" }) });
}

export function connections(): void {
  const { root } = tx;
  expectTypeOf(root).toEqualTypeOf<Root>();
  const bob = root.connect(Person, {} as Person["$data"]);
  expectTypeOf(bob).toEqualTypeOf<Person>();
  expectTypeOf(ann.connect(Company, { name: "x" }, via(Works, { since: 5 }))).toEqualTypeOf<Company>();
  expectTypeOf(ann.connect(Company, [{ name: "x" }], via(Works, { since: 5 }))).toEqualTypeOf<Company[]>();
  expectTypeOf(ann.connect(Company, [{ name: "x" }])).toEqualTypeOf<Company[]>();
  expectTypeOf(ann.link(acme)).toEqualTypeOf<Edge>();
  expectTypeOf(ann.link(acme, via(Edge))).toEqualTypeOf<Edge>();
  expectTypeOf(ann.link(acme, via(Works, { since: 5 }))).toEqualTypeOf<Works>();
  expectTypeOf(ann.link(acme, via(Leads, { since: 5, title: "x" }))).toEqualTypeOf<Leads>();
  expectTypeOf(ann.link(bob, via(Knows))).toEqualTypeOf<Knows>();
  expectTypeOf(root.link(acme, via(Likes, { stars: 5 }))).toEqualTypeOf<Likes>();
  expectTypeOf(tx.create(Company, { name: "x" })).toEqualTypeOf<Company>();
  expectTypeOf(tx.create(Company, [{ name: "x" }])).toEqualTypeOf<Company[]>();
  const kinds = { Likes, Hates };
  root.link(acme, via(kinds[Math.random() < 0.5 ? "Likes" : "Hates"], { stars: 5 }));

  // @ts-expect-error a company does not work
  acme.link(ann, via(Works, { since: 5 }));
  // @ts-expect-error works leads to a company
  ann.link(bob, via(Works, { since: 5 }));
  // @ts-expect-error works leads to a company
  ann.connect(Person, {} as Person["$data"], via(Works, { since: 5 }));
  // @ts-expect-error a company knows nobody
  acme.connect(Person, {} as Person["$data"], via(Knows));
  // @ts-expect-error a field is missing
  ann.link(acme, via(Leads, { since: 5 }));
  // @ts-expect-error a field is unknown
  ann.link(acme, via(Works, { since: 5, nope: 1 }));
  // @ts-expect-error a field is missing
  tx.create(Company);
  // @ts-expect-error a field is missing
  tx.create(Company, {});
  // @ts-expect-error a field is unknown
  tx.create(Company, { name: "x", nope: 1 });
  // @ts-expect-error an edge cannot be created without its ends
  tx.create(Works, { since: 5 });
  // @ts-expect-error an edge type is no node
  via(Person, {});
  // @ts-expect-error graph.createRoot() makes roots
  tx.create(Root);
  // @ts-expect-error graph.createRoot() makes roots
  tx.create(Root, [{}]);
  // @ts-expect-error graph.createRoot() makes roots
  root.connect(Root);
  // @ts-expect-error graph.createRoot() makes roots
  root.connect(Root, {}, via(Edge));
  // @ts-expect-error a root is somebody who can act
  Root.extend("Member", named);
}

/** A type that is only known to be one. */
export function made<C extends NodeClass<typeof named>>(type: C): InstanceType<C>[] {
  return [tx.create(type, { name: "x" } as never), ann.connect(type, { name: "x" } as never)];
}

export async function ensuring(): Promise<void> {
  expectTypeOf(await tx.ensure(Company, { name: "x" })).toEqualTypeOf<Company>();
  expectTypeOf(await tx.ensure(Company, { name: "x" }, { name: "x" })).toEqualTypeOf<Company>();
  const rest = {
    kind: "bot",
    tags: [],
    born: new Date(),
    big: 5n,
    note: null,
    seen: new Set<number>(),
    active: true,
  } as const;
  expectTypeOf(await tx.ensure(Person, { name: "x" }, rest)).toEqualTypeOf<Person>();
  expectTypeOf(
    await tx.ensure(Person, { name: "x", kind: "bot" }, { ...rest, age: 5 }),
  ).toEqualTypeOf<Person>();
  // @ts-expect-error fields are missing
  await tx.ensure(Person, { name: "x" });
  // @ts-expect-error a field of another type
  await tx.ensure(Company, { name: 5 });
  // @ts-expect-error an unknown field
  await tx.ensure(Company, { name: "x", nope: 1 });
}

export function fields(): void {
  ann.name = "x";
  ann.tags = [...ann.tags, "x"];
  ann.age = undefined;
  // @ts-expect-error a field of another type
  ann.name = 5;
  // @ts-expect-error nested values are frozen
  ann.tags.push("x");
  // @ts-expect-error nested values are frozen
  if (ann.address) ann.address.city = "x";
  // @ts-expect-error an id is never changed
  ann.id = "x";
  // @ts-expect-error all fields at once are read-only
  ann.$data.name = "x";
  ann.update((draft) => {
    draft.tags.push("x");
    draft.seen.add(5);
    if (draft.address) draft.address.city = "x";
  });
  ann.grant("read");
  ann.allowRoot(tx.root, "write");
  ann.disallowRoot("id");
  // @ts-expect-error not a level
  ann.allowRoot(tx.root, "admin");
  // @ts-expect-error a person is no root
  ann.allowRoot(ann, "read");
  // @ts-expect-error nodes are not made with new
  new Person();
  // @ts-expect-error edges are not made with new
  new Works();
}
