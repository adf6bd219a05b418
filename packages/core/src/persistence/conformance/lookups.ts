import { compareForOrder } from "../../model/compare.ts";
import type { Id } from "../../model/id.ts";
import type { LookupRequest } from "../store.ts";
import { equal } from "./assert.ts";
import type { StoreClient } from "./store-client.ts";
import type { Suite } from "./suite.ts";

const TEAM_RANK = "Person.team+rank";
const VALUE = "Person.value";
const ROOM_NAME = "Room.name@owner";

/** `lookup`: ranges over declared indexes. */
export function lookupConformance(suite: Suite): void {
  suite.group("lookups", () => {
    suite.test("a full key finds the records that have it, in id order", async (session) => {
      const ids = await teams(session);
      const found = (team: string, rank: number) =>
        session.lookup({ index: TEAM_RANK, equals: [team, rank] });
      equal((await found("red", 1)).ids, [ids[0], ids[4]], "red, 1");
      equal((await found("blue", 3)).ids, [ids[5]], "blue, 3");
      equal(await found("green", 1), { ids: [], more: false }, "a key that no record has");
    });

    suite.test(
      "the first fields of a key find all that share them, in the order of the rest",
      async (session) => {
        const ids = await teams(session);
        const red = [ids[0], ids[4], ids[2], ids[6]];
        equal((await session.lookup({ index: TEAM_RANK, equals: ["red"] })).ids, red, "ascending");
        const backwards = await session.lookup({ index: TEAM_RANK, equals: ["red"], order: "desc" });
        equal(backwards.ids, red.toReversed(), "descending");
        const everyone = [ids[1], ids[3], ids[5], ids[7], ...red];
        equal(
          (await session.lookup({ index: TEAM_RANK })).ids,
          everyone,
          "without any field, all in key order",
        );
      },
    );

    suite.test("ranges hold their bounds, open or closed", async (session) => {
      const draft = session.draft();
      const ids = [1, 2, 2, 3, 4].map((value) => draft.node("Person", { value }));
      await session.commit(draft);
      const cases: [NonNullable<LookupRequest["range"]>, number[]][] = [
        [{ low: 2 }, [1, 2, 3, 4]],
        [{ low: 2, lowOpen: true }, [3, 4]],
        [{ high: 2 }, [0, 1, 2]],
        [{ high: 2, highOpen: true }, [0]],
        [{ low: 2, high: 3 }, [1, 2, 3]],
        [{ low: 1, lowOpen: true, high: 4, highOpen: true }, [1, 2, 3]],
        [{ low: 2.5, high: 2.75 }, []],
        [{ low: 3, high: 2 }, []],
        [{ low: 2, lowOpen: true, high: 2 }, []],
      ];
      for (const [range, expected] of cases) {
        for (const order of ["asc", "desc"] as const) {
          const { ids: found } = await session.lookup({ index: VALUE, range, order });
          const inOrder = order === "asc" ? expected : expected.toReversed();
          equal(
            found,
            inOrder.map((i) => ids[i]),
            `${JSON.stringify(range)}, ${order}`,
          );
        }
      }
    });

    suite.test("a range may follow fields that are equal", async (session) => {
      const ids = await teams(session);
      const found = await session.lookup({
        index: TEAM_RANK,
        equals: ["red"],
        range: { low: 1, lowOpen: true },
      });
      equal(found.ids, [ids[2], ids[6]], "red above 1");
      const blue = await session.lookup({
        index: TEAM_RANK,
        equals: ["blue"],
        range: { low: 2, high: 3 },
        order: "desc",
      });
      equal(blue.ids, [ids[5], ids[3]], "blue from 2 to 3, descending");
    });

    suite.test(
      "values of different kinds are different keys, and a range holds one kind",
      async (session) => {
        const ids = await kinds(session);
        for (const [value, id] of ids) {
          if (value === undefined) continue;
          equal(
            (await session.lookup({ index: VALUE, equals: [value] })).ids,
            [id],
            `equal to ${describe(value)}`,
          );
        }
        const above = async (low: unknown): Promise<readonly Id[]> =>
          (await session.lookup({ index: VALUE, range: { low } })).ids;
        equal(await above(-1), [of(ids, 5), of(ids, 7.5)], "numbers from -1");
        equal(await above(5n), [of(ids, 5n)], "bigints from 5");
        equal(await above("5"), [of(ids, "5"), of(ids, "Ann")], 'text not before "5"');
        const below = await session.lookup({ index: VALUE, range: { high: new Date(10) } });
        equal(below.ids.length, 1, "dates up to 10 ms");
      },
    );

    suite.test(
      "keys of all kinds follow one another in the order that core sorts by, absence last",
      async (session) => {
        const ids = await kinds(session);
        const sorted = [...ids].sort(([a], [b]) => compareForOrder(a, b)).map(([, id]) => id);
        equal((await session.lookup({ index: VALUE })).ids, sorted, "ascending");
        equal((await session.lookup({ index: VALUE, order: "desc" })).ids, sorted.toReversed(), "descending");
      },
    );

    suite.test("text is in code point order", async (session) => {
      const texts = [
        "",
        "\u0000",
        "\u0001",
        "A",
        "Z",
        "a",
        "aa",
        "a\u0000",
        "é",
        "\u7fff",
        "\ud7ff",
        "\ue000",
        "\uffff",
        "\u{10000}",
        "\u{1f600}",
      ];
      const draft = session.draft();
      const ids = texts.toReversed().map((value) => [value, draft.node("Person", { value })] as const);
      await session.commit(draft);
      const sorted = [...ids].sort(([a], [b]) => compareForOrder(a, b)).map(([, id]) => id);
      equal((await session.lookup({ index: VALUE })).ids, sorted, "the order of the keys");
    });

    suite.test("an absent value is found as absent, and is no null", async (session) => {
      const draft = session.draft();
      const without = draft.node("Person", { name: "a" });
      const withNull = draft.node("Person", { value: null });
      await session.commit(draft);
      equal((await session.lookup({ index: VALUE, equals: [undefined] })).ids, [without], "absent");
      equal((await session.lookup({ index: VALUE, equals: [null] })).ids, [withNull], "null");
    });

    suite.test("pages meet without a gap or an overlap, ties included, in both orders", async (session) => {
      const draft = session.draft();
      const value = (i: number): unknown => (i % 5 === 4 ? undefined : i % 5);
      const keys = new Map<Id, unknown>();
      for (let i = 0; i < 23; i++)
        keys.set(draft.node("Person", i % 5 === 4 ? {} : { value: value(i) }), value(i));
      await session.commit(draft);
      const { ids: all } = await session.lookup({ index: VALUE });
      equal(all.length, 23, "all records in one page");
      for (const order of ["asc", "desc"] as const) {
        for (const limit of [1, 4, 22, 23]) {
          const seen: Id[] = [];
          let after: LookupRequest["after"];
          for (let more = true; more; ) {
            const page = await session.lookup({ index: VALUE, order, limit, after });
            equal(page.ids.length, Math.min(limit, 23 - seen.length), `the records in a page of ${limit}`);
            seen.push(...page.ids);
            more = page.more;
            after = { key: [keys.get(seen.at(-1)!)], id: seen.at(-1)! };
          }
          equal(seen, order === "asc" ? all : all.toReversed(), `all pages of ${limit}, ${order}`);
        }
      }
    });

    suite.test("a page goes on after a record that is gone or has moved", async (session) => {
      const ids = await teams(session);
      const all = (await session.lookup({ index: TEAM_RANK })).ids;
      const after = { key: ["blue", 3], id: ids[5]! };
      await session.commit(
        session.draft().remove("Person", ids[5]!).write("Employee", ids[0]!, 1, { team: "green", rank: 9 }),
      );
      const rest = await session.lookup({ index: TEAM_RANK, after });
      equal(rest.ids, [ids[7], ids[0], ...all.slice(5)], "what follows in the keys as they are now");
      const before = await session.lookup({ index: TEAM_RANK, after, order: "desc" });
      equal(before.ids, [ids[3], ids[1]], "what comes before");
    });

    suite.test("updates move records in the index, deletes take them out", async (session) => {
      const id = await session.newNode("Person", { value: 1 });
      await session.commit(session.draft().write("Person", id, 1, { value: 2 }));
      const found = async (value: unknown): Promise<readonly Id[]> =>
        (await session.lookup({ index: VALUE, equals: [value] })).ids;
      equal([await found(1), await found(2)], [[], [id]], "after an update");
      await session.commit(session.draft().write("Person", id, 2, {}));
      equal([await found(2), await found(undefined)], [[], [id]], "after the field went");
      await session.commit(session.draft().remove("Person", id));
      equal(await found(undefined), [], "after the delete");
    });

    suite.test("an index holds the type's subtypes and no other types", async (session) => {
      const draft = session.draft();
      const person = draft.node("Person", { value: 1 });
      const employee = draft.node("Employee", { value: 1, badge: 7 });
      draft.node("Room", { value: 1 });
      await session.commit(draft);
      equal((await session.lookup({ index: VALUE, equals: [1] })).ids, [person, employee], "the records");
    });

    suite.test("an index per owner is asked for one owner, or for all in key order", async (session) => {
      const { ann, bob } = session;
      const draft = session.draft();
      const names = ["b", "a", "c"];
      const [annB, annA, annC] = names.map((name) => draft.node("Room", { name }));
      const [bobB, bobA, bobC] = names.map((name) => draft.node("Room", { name }, { owner: bob }));
      await session.commit(draft);
      const ask = async (request: Partial<LookupRequest>): Promise<readonly Id[]> =>
        (await session.lookup({ index: ROOM_NAME, ...request })).ids;
      equal(await ask({ owner: ann }), [annA, annB, annC], "all of one owner");
      equal(await ask({ owner: bob, order: "desc" }), [bobC, bobB, bobA], "all of another, descending");
      equal(await ask({ owner: bob, equals: ["a"] }), [bobA], "one key of one owner");
      equal(await ask({ owner: session.newId() }), [], "an owner of nothing");
      equal(await ask({ equals: ["a"] }), [annA, bobA], "one key of every owner, in id order");
      equal(await ask({}), [annA, bobA, annB, bobB, annC, bobC], "every owner, in key order");
      const after = { key: ["a"], id: bobA! };
      equal(await ask({ after, limit: 2 }), [annB, bobB], "a page over every owner");
      equal(await ask({ owner: bob, after: { key: ["b"], id: bobB! } }), [bobC], "a page of one owner");
    });

    suite.test("rows come with everything that readNodes gives", async (session) => {
      const id = await session.newNode("Employee", { value: 3, badge: 4 }, session.bob);
      const { rows } = await session.store.lookup({ index: VALUE, equals: [3], order: "asc", limit: 2 });
      equal(
        [rows.ids.at(0), rows.types[0], rows.owners.at(0)],
        [id, "Employee", session.bob],
        "id, type and owner",
      );
      equal(rows.fields[0], { value: 3, badge: 4 }, "the fields");
    });
  });
}

/** Eight people, red and blue by turns, with ranks 1 1 2 2 1 3 3 4. */
async function teams(session: StoreClient): Promise<Id[]> {
  const draft = session.draft();
  const ids = [1, 1, 2, 2, 1, 3, 3, 4].map((rank, i) =>
    draft.node(i % 3 === 0 ? "Employee" : "Person", { team: i % 2 === 0 ? "red" : "blue", rank }),
  );
  await session.commit(draft);
  return ids;
}

/** A person for each of some values of every kind that an index can hold. */
async function kinds(session: StoreClient): Promise<(readonly [value: unknown, id: Id])[]> {
  const draft = session.draft();
  const values = [
    "Ann",
    7.5,
    Uint8Array.of(5),
    undefined,
    5,
    true,
    5n,
    new Date(5),
    "5",
    null,
    -3,
    false,
    -3n,
  ];
  const ids = values.map(
    (value) => [value, draft.node("Person", value === undefined ? {} : { value })] as const,
  );
  await session.commit(draft);
  return ids;
}

function of(ids: readonly (readonly [value: unknown, id: Id])[], value: unknown): Id | undefined {
  return ids.find(([known]) => known === value)?.[1];
}

function describe(value: unknown): string {
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
}
