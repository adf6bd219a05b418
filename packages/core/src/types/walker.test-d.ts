import { expectTypeOf } from "vitest";
import { z } from "zod";
import { edge } from "../schema/edge.ts";
import { node, Root } from "../schema/node.ts";
import { handlers } from "../walker/handlers.ts";
import { walker } from "../walker/walker.ts";
import type { AnyEdge, AnyNode, EdgeQuery, NodeQuery } from "./graph-types.ts";
import type { Session } from "./session.ts";
import type { WalkTrace } from "./walk-trace.ts";
import type { Run, Visit, WalkOf } from "./walker.ts";

class Room extends node("Room", { name: z.string(), size: z.int().default(1) }) {}
class Wing extends Room.extend("Wing", { side: z.string() }) {}
class Door extends edge("Door", { width: z.number() }, { from: Room, to: Room }) {}

const bare = walker("bare").entry((w, here) => {
  expectTypeOf(here).toEqualTypeOf<AnyNode | AnyEdge>();
  // Without a schema a report is anything.
  w.report(here.id);
  // @ts-expect-error no input of that name
  w.room;
});

const count = walker("count", {
  input: { most: z.int(), from: z.coerce.date().optional() },
  report: z.string().transform((text) => text.length),
  state: () => ({ rooms: 0, names: new Set<string>() }),
  once: true,
  maxVisits: 1_000,
})
  .entry(Room, async (w, room) => {
    w.state.rooms += 1;
    w.state.names.add(room.name);
    expectTypeOf(w.from).toEqualTypeOf<Date | undefined>();
    expectTypeOf(w.root).toEqualTypeOf<Root>();
    expectTypeOf(w.visit(room.out(Door), { at: 0 })).toEqualTypeOf<Visit>();
    w.visit([room, await w.require(Room, room.id)]).else(async () => w.visit(room.out(Door).edges()));
    w.report(room.name);
    w.ignore(room);
    w.onCommit(() => {});
    // What goes in is what the schema takes.
    // @ts-expect-error and not what it gives
    w.report(7);
    // @ts-expect-error a query is not a record
    w.ignore(room.out(Door));
    // @ts-expect-error an id is no place to visit
    w.visit(room.id);
    // @ts-expect-error the controls stay what they are
    w.state = { rooms: 1, names: new Set() };
  })
  .entry([Wing, Door], (_w, here) => {
    expectTypeOf(here).toEqualTypeOf<Wing | Door>();
  })
  .exit(Door, (_w, door) => {
    expectTypeOf(door.width).toEqualTypeOf<number>();
  });

// The unit of work of a walk has the verbs of a transaction.
walker("verbs").entry(Root, async (w) => {
  expectTypeOf(await w.get(Room, "id")).toEqualTypeOf<Room | undefined>();
  expectTypeOf(w.create(Room, { name: "a" })).toEqualTypeOf<Room>();
  expectTypeOf(await w.ensure(Room, { name: "a" })).toEqualTypeOf<Room>();
  expectTypeOf(w.nodes(Room)).toEqualTypeOf<NodeQuery<Room>>();
  expectTypeOf(w.edges(Door, { width: 1 })).toEqualTypeOf<EdgeQuery<Door>>();
  // @ts-expect-error a node type is no edge type
  w.edges(Room);
  // @ts-expect-error a field is missing
  w.create(Room, {});
});

walker("outer").entry(Room, async (w, room) => {
  const run = await w.spawn(count, { most: 1 }, { at: room });
  expectTypeOf(run).toEqualTypeOf<Run<number, { rooms: number; names: Set<string> }>>();
  await w.spawn(bare);
  await w.spawn(bare, {}, { at: room.out(Door), maxVisits: 10 });
  // @ts-expect-error input is missing
  await w.spawn(count);
  // @ts-expect-error input of another type
  await w.spawn(count, { most: "1" });
});

bare.entry(async (w) => {
  // @ts-expect-error it is in the trace of the walk that spawns it
  await w.spawn(count, { most: 1 }, { trace: true });
});

declare const session: Session;
expectTypeOf(session.spawn(count, { most: 1 }, { trace: { label: "name" } })).resolves.toHaveProperty(
  "trace",
);
expectTypeOf<Run<string>["trace"]>().toEqualTypeOf<WalkTrace | undefined>();
// @ts-expect-error no such option of a trace
void session.spawn(count, { most: 1 }, { trace: { labels: "name" } });

handlers(Room)
  .entry((room, w) => {
    expectTypeOf(room).toEqualTypeOf<Room>();
    w.visit(room.out(Door));
    // @ts-expect-error for any walker there is no input
    w.most;
  })
  .exit(count, (room, w) => {
    expectTypeOf(room).toEqualTypeOf<Room>();
    expectTypeOf(w).toEqualTypeOf<WalkOf<typeof count>>();
    w.state.rooms -= 1;
  });

// @ts-expect-error a control's name
walker("bad", { input: { visit: z.string() } });
// @ts-expect-error a verb's name
walker("bad", { input: { nodes: z.string() } });
// @ts-expect-error such names are reserved
walker("bad", { input: { $a: z.string() } });
// @ts-expect-error no such option
walker("bad", { inputs: {} });
// @ts-expect-error a type and no handler
bare.entry(Room);
// @ts-expect-error no node or edge type
bare.entry(Date, () => {});
