import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { z } from "zod";
import { type Graph, gte, type Id, type NodeQuery, node, type Reading } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

// Laws of a unit that has read the first records of a type, and of another one that commits a change meanwhile:
//   a change that alters what was read makes the unit run again;
//   a change that lies beyond what was read does not.

class Item extends node(
  "Item",
  { name: z.string(), rank: z.int().optional(), size: z.int() },
  { index: ["rank", "name"] },
) {}
/** What the unit writes, of a type that nobody reads. */
class Note extends node("Note", {}) {}

interface Row {
  readonly id: Id;
  readonly name: string;
  readonly rank: number | undefined;
  readonly size: number;
}

/** What is asked, and how a list of all records answers it. */
interface Question {
  readonly what: string;
  ask(from: Reading): NodeQuery<Item>;
  /** What the order is by; `undefined` for ids. */
  readonly by: "rank" | "size" | undefined;
  readonly descending: boolean;
  passes(row: Row): boolean;
}

const all = (): boolean => true;
const big = (row: Row): boolean => row.size >= 2;

const questions: readonly Question[] = [
  { what: "a scan", by: undefined, descending: false, passes: all, ask: (tx) => tx.nodes(Item) },
  {
    what: "newest first",
    by: undefined,
    descending: true,
    passes: all,
    ask: (tx) => tx.nodes(Item).reverse(),
  },
  {
    what: "a filtered scan",
    by: undefined,
    descending: false,
    passes: big,
    ask: (tx) => tx.nodes(Item, { size: gte(2) }),
  },
  {
    what: "one key of an index",
    by: undefined,
    descending: false,
    passes: (row) => row.name === "a",
    ask: (tx) => tx.nodes(Item, { name: "a" }),
  },
  {
    what: "a range of an index in id order",
    by: undefined,
    descending: true,
    passes: (row) => row.rank !== undefined && row.rank >= 2,
    ask: (tx) => tx.nodes(Item, { rank: gte(2) }).reverse(),
  },
  {
    what: "a range of an index in its order",
    by: "rank",
    descending: false,
    passes: (row) => row.rank !== undefined && row.rank >= 1,
    ask: (tx) => tx.nodes(Item, { rank: gte(1) }).orderBy("rank"),
  },
  {
    what: "an index backwards",
    by: "rank",
    descending: true,
    passes: all,
    ask: (tx) => tx.nodes(Item).orderBy("rank", "desc"),
  },
  { what: "a sort", by: "size", descending: false, passes: all, ask: (tx) => tx.nodes(Item).orderBy("size") },
  {
    what: "a filtered sort backwards",
    by: "size",
    descending: true,
    passes: big,
    ask: (tx) => tx.nodes(Item, { size: gte(2) }).orderBy("size", "desc"),
  },
];

const fields = fc.record({
  name: fc.constantFrom("a", "b"),
  rank: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  size: fc.integer({ min: 0, max: 5 }),
});

type Change =
  | { readonly kind: "create"; readonly fields: Omit<Row, "id"> }
  | { readonly kind: "delete"; readonly at: number }
  | { readonly kind: "grant"; readonly at: number }
  | { readonly kind: "update"; readonly at: number; readonly fields: Omit<Row, "id"> };

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("create" as const), fields }),
  fc.record({ kind: fc.constant("delete" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("grant" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("update" as const), at: fc.nat(), fields }),
);

function rowsOf(graph: Graph): Promise<Row[]> {
  return graph.transaction(async (tx) =>
    (await tx.nodes(Item).all()).map(({ id, name, rank, size }) => ({ id, name, rank, size })),
  );
}

/** Makes the change in a unit of its own. @returns the id of the record that it is about */
async function apply(graph: Graph, change: Change, rows: readonly Row[]): Promise<Id | undefined> {
  return graph.transaction(async (tx) => {
    if (change.kind === "create") return tx.create(Item, change.fields).id;
    const row = rows[change.at % Math.max(1, rows.length)];
    if (row === undefined) return undefined;
    const item = await tx.require(Item, row.id);
    if (change.kind === "delete") item.delete();
    else if (change.kind === "grant") item.grant("read");
    else {
      item.update((draft) => {
        draft.name = change.fields.name;
        draft.size = change.fields.size;
        draft.rank = change.fields.rank;
      });
    }
    return row.id;
  });
}

function compare(question: Question, left: Row, right: Row): number {
  const { by, descending } = question;
  const sign = descending ? -1 : 1;
  const byId = left.id < right.id ? -1 : left.id > right.id ? 1 : 0;
  if (by === undefined) return byId * sign;
  const [a, b] = [left[by], right[by]];
  if (a === b) return byId;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  return (a - b) * sign;
}

/** Whether the row comes before (-1) or after (1) the other one for certain; by a field its key alone tells. */
function side(question: Question, row: Row, other: Row): number {
  const { by } = question;
  return by !== undefined && row[by] === other[by] ? 0 : compare(question, row, other);
}

forEachStore("a unit that has read the first records of a type", (open) => {
  describe.each(questions)("by $what", (question) => {
    const { passes, ask } = question;
    const sorted = (rows: readonly Row[]): Row[] =>
      rows.filter(passes).sort((left, right) => compare(question, left, right));

    test.prop(
      {
        items: fc.array(fields, { maxLength: 12 }),
        limit: fc.integer({ min: 1, max: 6 }),
        change: changes,
        paged: fc.boolean(),
      },
      { numRuns: open.store.name === "memory" ? 100 : 8 },
    )("runs again where the answer changed, and not for what lies beyond", async (given) => {
      const { items, limit, change, paged } = given;
      const graph = await open({ types: [Item, Note] });
      await graph.transaction((tx) => void tx.create(Item, items));
      const before = await rowsOf(graph);
      const cursor = paged ? (await ask(graph).limit(1).page()).next : undefined;
      const place = cursor === undefined ? undefined : sorted(before)[0];
      const answer = (rows: readonly Row[]): Row[] =>
        sorted(rows)
          .filter((row) => place === undefined || compare(question, row, place) > 0)
          .slice(0, limit);
      let runs = 0;
      let changed: Id | undefined;
      const ids = await graph.transaction(async (tx) => {
        runs += 1;
        const query = cursor === undefined ? ask(tx) : ask(tx).after(cursor);
        const found = await query.limit(limit).ids();
        if (runs === 1) changed = await apply(graph, change, before);
        tx.create(Note, {});
        return found;
      });
      const after = await rowsOf(graph);
      const [was, is] = [answer(before), answer(after)];
      expect(ids).toEqual(is.map(({ id }) => id));
      const last = was.length === limit ? was.at(-1) : undefined;
      const isOutside = (row: Row | undefined): boolean =>
        row === undefined ||
        !passes(row) ||
        (last !== undefined && side(question, row, last) > 0) ||
        (place !== undefined && side(question, row, place) < 0);
      const versions = [before, after].map((rows) => rows.find(({ id }) => id === changed));
      if (was.map(({ id }) => id).join() !== is.map(({ id }) => id).join()) expect(runs).toBe(2);
      else if (versions.every(isOutside)) expect(runs).toBe(1);
    });
  });
});
