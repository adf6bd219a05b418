import {
  and,
  edge,
  type Graph,
  gte,
  handlers,
  isId,
  memory,
  node,
  type OpenOptions,
  oneOf,
  openGraph,
  Root,
  startsWith,
  via,
  walker,
} from "@rootwalk/core";
import { z } from "zod";
import { type Declare, fails, same } from "./runner.ts";

class Room extends node(
  "Room",
  {
    name: z.string().min(1),
    size: z.int().default(1),
    tags: z.array(z.string()).default([]),
    opened: z.date().optional(),
  },
  { unique: ["name"], index: ["size"] },
) {
  get isLarge(): boolean {
    return this.size >= 10;
  }
}
class Person extends node("Person", { name: z.string(), born: z.bigint().optional() }) {}
class Door extends edge("Door", { at: z.number() }, { from: Room, to: Room }) {}
const types = [Room, Person, Door];

async function withGraph(
  body: (graph: Graph) => Promise<void>,
  options?: Partial<OpenOptions>,
): Promise<void> {
  const graph = await openGraph({ types, ...options });
  try {
    await body(graph);
  } finally {
    await graph.close();
  }
}

/** Rooms in a row, each with a door to the next. */
async function row(graph: Graph, length: number): Promise<void> {
  await graph.transaction((tx) => {
    let last: InstanceType<typeof Room> | undefined;
    for (let n = 0; n < length; n += 1) {
      const fields = { name: `room ${n}`, size: n };
      last =
        last === undefined ? tx.root.connect(Room, fields) : last.connect(Room, fields, via(Door, { at: n }));
    }
  });
}

const through = walker("through", {
  input: { least: z.int() },
  report: z.string(),
  state: () => ({ left: 0 }),
})
  .entry(Root, (w, here) => w.visit(here.out(Room)))
  .entry(Room, (w, room) => {
    if (room.size >= w.least) w.report(room.name);
    w.visit(room.out(Door));
  })
  .exit(Room, (w) => {
    w.state.left += 1;
  });

/** What a user of the library relies on, over the memory store, as tests that any runner can declare. */
export function behaviour({ describe, test }: Declare): void {
  describe("fields", () => {
    test("values of every kind come back as they were written", () =>
      withGraph(async (graph) => {
        const opened = new Date(Date.UTC(2001, 1, 3));
        const id = await graph.transaction(
          (tx) => tx.create(Room, { name: "hall", tags: ["é", "\u{1f600}"], opened }).id,
        );
        const room = await graph.require(Room, id);
        same(
          [room.name, room.size, room.tags, room.opened],
          ["hall", 1, ["é", "\u{1f600}"], opened],
          "fields",
        );
        const person = await graph.transaction(
          (tx) => tx.create(Person, { name: "ann", born: 2n ** 62n }).id,
        );
        const { born } = await graph.require(Person, person);
        same(String(born), "4611686018427387904", "a bigint");
        same(
          [isId(id), id < person, Object.isFrozen(room.tags)],
          [true, true, true],
          "ids and frozen values",
        );
      }));

    test("what does not validate is refused whole", () =>
      withGraph(async (graph) => {
        await fails("RW_FIELD_INVALID", () => graph.transaction((tx) => tx.create(Room, { name: "" })));
        await fails("RW_FIELD_INVALID", () =>
          graph.transaction((tx) => tx.create(Room, [{ name: "good" }, { name: "bad", size: 0.5 }])),
        );
        same(await graph.nodes(Room).count(), 0, "rooms");
      }));

    test("fields are assigned, and edited at any depth", () =>
      withGraph(async (graph) => {
        await graph.transaction(async (tx) => {
          const room = await tx.ensure(Room, { name: "hall" });
          room.size = 12;
          room.update((draft) => void draft.tags.push("warm"));
        });
        const room = await graph.nodes(Room, { name: "hall" }).one();
        same([room?.isLarge, room?.toJSON().tags], [true, ["warm"]], "the room");
      }));

    test("a unique key is taken once", () =>
      withGraph(async (graph) => {
        const create = (): Promise<unknown> => graph.transaction((tx) => tx.create(Room, { name: "hall" }));
        await create();
        await fails("RW_UNIQUE", create);
      }));
  });

  describe("queries", () => {
    test("hops, filters, order, limit and cursors", () =>
      withGraph(async (graph) => {
        await row(graph, 30);
        const rooms = graph.nodes(Room, { size: gte(25) });
        same(
          (await rooms.orderBy("name", "desc").limit(2).all()).map((room) => room.size),
          [29, 28],
          "ordered",
        );
        same(
          await graph.nodes(Room, and({ name: startsWith("room 1") }, { size: oneOf([1, 11, 40]) })).count(),
          2,
          "and",
        );
        await graph.transaction(async (tx) => {
          const first = await tx.root.out(Room).one();
          const near = await first.out(Door, {}, { depth: [1, 3] }).all();
          same(
            near.map((room) => room.size),
            [1, 2, 3],
            "three doors away at most",
          );
          const door = await first.out(Door).edges().one();
          same([door.at, (await door.target()).name], [1, "room 1"], "an edge");
        });

        const seen: number[] = [];
        let after: string | undefined;
        do {
          const query = graph.nodes(Room).limit(7);
          const page = await (after === undefined ? query : query.after(after)).page();
          seen.push(...page.items.map((room) => room.size));
          after = page.next;
        } while (after !== undefined);
        same(
          seen,
          Array.from({ length: 30 }, (_, n) => n),
          "every page",
        );
      }));

    test("a filter of each operator answers alike, from an index and from a scan", () =>
      withGraph(async (graph) => {
        await row(graph, 40);
        const scanned: string[] = [];
        for await (const room of graph.nodes(Room))
          if (room.size >= 13 && room.size < 17) scanned.push(room.name);
        const indexed = await graph
          .nodes(Room, { size: gte(13) })
          .limit(4)
          .all();
        same(
          indexed.map((room) => room.name),
          scanned,
          "rooms of size 13 to 16",
        );
      }));
  });

  describe("walkers", () => {
    test("enter, report, queue and unwind", () =>
      withGraph(async (graph) => {
        await row(graph, 5);
        const found = await graph.spawn(through, { least: 3 });
        same([found.reports, found.state.left, found.visits], [["room 3", "room 4"], 5, 6], "the walk");
      }));

    test("a long chain does not overflow the stack", () =>
      withGraph(async (graph) => {
        await row(graph, 5_000);
        same((await graph.spawn(through, { least: 4_999 })).reports, ["room 4999"], "the far end");
      }));

    test("handlers of a type take part", () =>
      withGraph(
        async (graph) => {
          await row(graph, 2);
          const found = await graph.spawn(through, { least: 9 });
          same(found.reports, ["own room 0", "own room 1"], "reports");
        },
        { handlers: [handlers(Room).entry(through, (room, w) => w.report(`own ${room.name}`))] },
      ));
  });

  describe("access", () => {
    test("two users see their own, and what they are granted", () =>
      withGraph(async (graph) => {
        const [ann, bob] = [await graph.createRoot(), await graph.createRoot()];
        const id = await graph.as(ann).transaction((tx) => tx.root.connect(Room, { name: "hers" }).id);
        same(await graph.as(bob).get(Room, id), undefined, "before a grant");
        same(await graph.as(bob).nodes(Room).count(), 0, "count before a grant");
        await graph.as(ann).transaction(async (tx) => (await tx.require(Room, id)).allowRoot(bob, "read"));
        same((await graph.as(bob).get(Room, id))?.name, "hers", "after a grant");
        await fails("RW_ACCESS_DENIED", () =>
          graph.as(bob).transaction(async (tx) => {
            (await tx.require(Room, id)).size = 5;
          }),
        );
        await graph.as(ann).transaction(async (tx) => (await tx.require(Room, id)).disallowRoot(bob));
        same(await graph.as(bob).get(Room, id), undefined, "after it was taken back");
      }));
  });

  describe("units of work", () => {
    test("a unit that lost runs again, and no increment is lost", () =>
      withGraph(async (graph) => {
        await graph.transaction((tx) => tx.create(Room, { name: "counter", size: 0 }));
        let bodies = 0;
        const increment = (): Promise<void> =>
          graph.transaction(async (tx) => {
            bodies += 1;
            const room = await tx.nodes(Room, { name: "counter" }).one();
            const size = room?.size ?? 0;
            await Promise.resolve();
            if (room !== undefined) room.size = size + 1;
          });
        await Promise.all(Array.from({ length: 100 }, increment));
        same((await graph.nodes(Room, { name: "counter" }).one())?.size, 100, "the counter");
        if (bodies <= 100) throw new Error("no unit met a conflict: the test shows nothing");
        same(graph.status().units.commits >= 101, true, "commits are counted");
      }));

    test("an exception leaves nothing, and onCommit runs once after the commit that won", () =>
      withGraph(async (graph) => {
        const told: string[] = [];
        await fails("none of ours", () =>
          graph.transaction((tx) => {
            tx.create(Room, { name: "lost" });
            tx.onCommit(() => void told.push("lost"));
            throw Object.assign(new Error("thrown by the body"), { code: "none of ours" });
          }),
        );
        await graph.transaction((tx) => {
          tx.create(Room, { name: "kept" });
          tx.onCommit(() => void told.push("kept"));
        });
        same(told, ["kept"], "callbacks");
        same(
          (await graph.nodes(Room).all()).map((room) => room.name),
          ["kept"],
          "rooms",
        );
      }));

    test("a record of a unit that ended tells its last state and refuses writes", () =>
      withGraph(async (graph) => {
        const room = await graph.transaction((tx) => tx.create(Room, { name: "hall" }));
        same(room.name, "hall", "its name");
        await fails("RW_CLOSED", () => {
          room.size = 2;
        });
      }));

    test("nodes go with their edges", () =>
      withGraph(async (graph) => {
        await row(graph, 3);
        await graph.transaction(async (tx) => (await tx.nodes(Room, { name: "room 1" }).one()).delete());
        same([await graph.edges(Door).count(), await graph.nodes(Room).count()], [0, 2], "doors and rooms");
      }));
  });

  describe("memory", () => {
    test("more records than L1 may hold are evicted and read again", () =>
      withGraph(
        async (graph) => {
          await row(graph, 400);
          for (let turn = 0; turn < 2; turn += 1) {
            same(
              (await graph.spawn(through, { least: 398 })).reports,
              ["room 398", "room 399"],
              `turn ${turn}`,
            );
          }
          const { evictions, nodes } = graph.status().cache;
          same([evictions > 0, nodes < 400], [true, true], "evicted");
        },
        { cache: { maxEntries: 100 } },
      ));

    test("a long read lets the event loop turn", () =>
      withGraph(async (graph) => {
        for (let batch = 0; batch < 20; batch += 1) {
          await graph.transaction((tx) =>
            tx.create(
              Person,
              Array.from({ length: 2_000 }, (_, n) => ({ name: `${batch * 2_000 + n}` })),
            ),
          );
        }
        let turns = 0;
        let isDone = false;
        const turning = (async () => {
          while (!isDone) {
            await new Promise((resolve) => setTimeout(resolve, 0));
            turns += 1;
          }
        })();
        same((await graph.nodes(Person).all()).length, 40_000, "people");
        const during = turns;
        isDone = true;
        await turning;
        same(during > 0, true, "turns while it read");
      }));
  });

  describe("opening and closing", () => {
    test("a store that was closed opens again with what it holds; a closed graph refuses work", async () => {
      const store = memory();
      const graph = await openGraph({ types, store });
      await graph.transaction((tx) => tx.root.connect(Room, { name: "hall" }));
      await graph.close();
      await graph.close();
      await fails("RW_CLOSED", () => graph.nodes(Room).count());
      await withGraph(async (again) => same(await again.nodes(Room).count(), 1, "rooms"), { store });
    });
  });
}
