import { accessRecord } from "../../model/access-record.ts";
import { maxDepth } from "../../model/value.ts";
import type { FieldData } from "../rows.ts";
import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** One value of every kind, and those that stores like to change. */
export const VALUES: Readonly<Record<string, FieldData>> = {
  "no fields": {},
  "null and booleans": { nothing: null, yes: true, no: false },
  numbers: {
    zero: 0,
    half: 0.5,
    third: 1 / 3,
    negative: -7,
    big: 2 ** 53,
    huge: 1.7976931348623157e308,
    tiny: 5e-324,
  },
  bigints: { zero: 0n, small: 5n, greatest: 2n ** 63n - 1n, least: -(2n ** 63n) },
  text: {
    empty: "",
    ascii: "Ann",
    nul: "a\u0000b",
    astral: "\u{1f600}",
    last: "\uffff",
    quotes: `"'\\\n`,
    date: "2026-01-01",
  },
  dates: { epoch: new Date(0), before: new Date(-1), first: new Date(-8.64e15), last: new Date(8.64e15) },
  bytes: { none: new Uint8Array(), all: Uint8Array.from({ length: 256 }, (_, i) => i) },
  arrays: { empty: [], mixed: [1, "1", 1n, null, [true], { a: [] }] },
  objects: { empty: {}, nested: { a: { b: { c: 1 } } } },
  "keys with a meaning elsewhere": {
    nested: {
      "": 1,
      $gt: 2,
      "a.b": 3,
      "@date": "2026",
      "@plain": { "@bigint": "1" },
      id: 4,
      _id: 5,
      length: 6,
    },
    one: { "@date": "no date" },
    two: { $date: "no date" },
  },
  maps: {
    empty: new Map(),
    of: new Map<unknown, unknown>([
      [1, "one"],
      ["1", 1n],
      [{ a: 1 }, new Map([[null, []]])],
    ]),
  },
  sets: { empty: new Set(), of: new Set<unknown>([1, "1", 1n, null, [1], new Set([2])]) },
  "special values inside": {
    list: [new Date(1), { raw: Uint8Array.of(1, 2), when: new Map([["d", new Date(2)]]) }],
  },
  "deep nesting": { nested: nest(maxDepth) },
  "field names": { _id: 1, _0: 2, data: {}, type: "t", ключ: "значение", toJson: 3, rowid: 4 },
};

/** What is written is what is read, kind by kind. */
export function valuesConformance(suite: Suite): void {
  suite.group("values", () => {
    for (const [name, fields] of Object.entries(VALUES)) {
      suite.test(`${name} come back as they were, from nodes and from edges`, async (session) => {
        const draft = session.draft();
        const node = draft.node("Person", fields);
        const edge = draft.edge("Knows", node, session.ann, fields);
        await session.commit(draft);
        equal((await session.node(node))?.fields, fields, "the node's fields");
        equal((await session.edge(edge))?.fields, fields, "the edge's fields");

        await session.commit(session.draft().write("Person", node, 1, fields));
        equal((await session.node(node))?.fields, fields, "the node's fields after an update");
      });
    }

    suite.test("a field that is absent stays absent", async (session) => {
      const id = await session.newNode("Person", { name: "Ann" });
      await session.commit(session.draft().write("Person", id, 1, { team: "red" }));
      equal(Object.keys((await session.node(id))?.fields ?? {}), ["team"], "the names of the fields");
    });

    suite.test("type, owner, access record, versions and shape come back", async (session) => {
      const { ann, bob } = session;
      const access = accessRecord(
        "connect",
        new Map([
          [ann, "none"],
          [bob, "write"],
        ] as const),
      );
      const draft = session.draft();
      const node = draft.node("Employee", {}, { owner: bob, access, shape: 1 });
      const edge = draft.edge("Likes", node, ann, {}, { owner: ann, access, shape: 1 });
      await session.commit(draft);
      const common = { access, dataVersion: 1, accessVersion: 1, shape: 1, fields: {} };
      equal(await session.node(node), { ...common, id: node, type: "Employee", owner: bob }, "the node");
      const expected = { ...common, id: edge, type: "Likes", owner: ann, source: node, target: ann };
      equal(await session.edge(edge), expected, "the edge");
    });

    suite.test("a root owns itself", async (session) => {
      const root = await session.node(session.ann);
      equal(root?.owner, session.ann, "the owner");
    });
  });
}

function nest(levels: number): unknown {
  let value: unknown = "bottom";
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { in: value };
  return value;
}
