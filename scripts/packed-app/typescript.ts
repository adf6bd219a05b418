import { edge, gte, node, openGraph, Root, via, walker } from "@rootwalk/core";
import { FaultyStore, testGraph } from "@rootwalk/core/testing";
import { sqlite } from "@rootwalk/persist-sqlite";
import type { StandardSchemaV1 } from "@standard-schema/spec";

// Any Standard Schema does; the app has no validator library.
const number: StandardSchemaV1<number> = {
  "~standard": {
    version: 1,
    vendor: "app",
    validate: (value) =>
      typeof value === "number" ? { value } : { issues: [{ message: "expected a number" }] },
  },
};

class Person extends node("Person", { age: number }) {
  get isAdult(): boolean {
    return this.age >= 18;
  }
}
class Knows extends edge("Knows", { since: number }, { from: Person, to: Person }) {}

const adults = walker("adults", { state: () => ({ ages: [] as number[] }) })
  .entry(Root, (w, here) => w.visit(here.out(Person)))
  .entry(Person, (w, person) => {
    if (person.isAdult) w.state.ages.push(person.age);
    w.visit(person.out(Knows, { since: gte(2000) }));
  });

const graph = await openGraph({ types: [Person, Knows], store: sqlite("typescript.db") });
await graph.transaction((tx) => {
  const ann = tx.root.connect(Person, { age: 40 });
  ann.connect(Person, { age: 12 }, via(Knows, { since: 2010 }));
  // @ts-expect-error an age is a number
  if (tx.root === undefined) ann.age = "40";
});
const run = await graph.spawn(adults);
await graph.close();

const again = await openGraph({ types: [Person, Knows], store: sqlite("typescript.db") });
const people: number = await again.nodes(Person).count();
await again.close();

const faulty = new FaultyStore(sqlite("faulty.db"));
const tested = await testGraph({ types: [Person, Knows], store: faulty });
faulty.next("commit", "fail-before");
const lost: string = await tested
  .spawn(adults)
  .then(() => tested.transaction((tx) => tx.create(Person, { age: 1 })).then(() => "", String), String);
await tested.close();
if (!lost.includes("CommitUnknownError")) throw new Error(lost);

if (people !== 2 || run.state.ages.join() !== "40" || run.visits !== 3)
  throw new Error(`${people} ${run.visits}`);
console.log(`TypeScript: ${people} people kept, ${run.visits} visits`);
