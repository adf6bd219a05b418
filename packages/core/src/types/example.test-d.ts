import { expectTypeOf } from "vitest";
import { z } from "zod";
import { gte, or } from "../model/operator.ts";
import { edge, via } from "../schema/edge.ts";
import { node, Root } from "../schema/node.ts";
import { handlers } from "../walker/handlers.ts";
import { walker } from "../walker/walker.ts";
import type { Graph, OpenOptions } from "./session.ts";

// The library as an app uses it, from definitions to results: everything has its type, and mistakes do not compile.

declare function openGraph(options: OpenOptions): Promise<Graph>;

class Room extends node(
  "Room",
  {
    name: z.string(),
    users: z.array(z.string()).default([]),
    messageCount: z.int().default(0),
    topic: z.string().optional(),
  },
  {
    unique: [{ fields: ["name"], per: "owner" }],
    access: (room, me) => (room.users.includes(me) ? "read" : undefined),
  },
) {
  addUser(user: string) {
    if (!this.users.includes(user)) this.users = [...this.users, user];
  }
  recent() {
    return this.out(Posted, { at: gte(5) }).ofType(Message);
  }
  get title() {
    return `#${this.name}`;
  }
}
class Message extends node("Message", { text: z.string(), sender: z.string() }) {
  room() {
    return this.in(Posted).first();
  }
}
class Posted extends edge("Posted", { at: z.number() }, { from: Room, to: Message }) {}
class Member extends edge("Member", {}, { from: () => Person, to: () => Room }) {}
class Person extends node("Person", { name: z.string() }) {
  rooms() {
    return this.out(Member).all();
  }
}
class Follows extends edge("Follows", { since: z.number().default(0) }, { from: Person, to: Person }) {}
class VipRoom extends Room.extend("VipRoom", { level: z.number() }) {
  boost() {
    this.level += 1;
    this.addUser("x");
  }
}

const postMessage = walker("post_message", {
  input: { room: z.string(), sender: z.string(), text: z.string().max(2000), n: z.int().default(1) },
  report: z.object({ id: z.string() }),
  state: () => ({ seen: 0 }),
})
  .entry(Root, (w, here) => {
    expectTypeOf(here).toEqualTypeOf<Root>();
    w.visit(here.out(Room, { name: w.room })).else(() => w.visit(here.connect(Room, { name: w.room })));
  })
  .entry(Room, (w, room) => {
    expectTypeOf(room).toEqualTypeOf<Room>();
    expectTypeOf(w.room).toEqualTypeOf<string>();
    expectTypeOf(w.n).toEqualTypeOf<number>();
    room.addUser(w.sender);
    room.messageCount += 1;
    w.state.seen += 1;
    const message = room.connect(
      Message,
      { text: w.text, sender: w.sender },
      via(Posted, { at: Date.now() }),
    );
    expectTypeOf(message).toEqualTypeOf<Message>();
    w.report({ id: message.id });
    // @ts-expect-error a report of another type
    w.report({ id: 1 });
    // @ts-expect-error the input is read-only
    w.room = "x";
    // @ts-expect-error a field of another type
    room.connect(Message, { text: 1, sender: "a" });
    // @ts-expect-error nested values are frozen
    room.users.push("x");
  })
  .entry([Room, Message], (w, here) => {
    expectTypeOf(here).toEqualTypeOf<Room | Message>();
    here.connect(Room, { name: "x" });
    w.visit(here.out(Posted));
    if (here instanceof Room) here.addUser("x");
  })
  .entry(Posted, async (w, posted) => {
    expectTypeOf(posted.at).toEqualTypeOf<number>();
    const message = await posted.target();
    expectTypeOf(message).toEqualTypeOf<Message>();
    w.visit(message);
  })
  .entry(VipRoom, (w, room) => {
    room.boost();
    expectTypeOf(room.level).toEqualTypeOf<number>();
    expectTypeOf(room.name).toEqualTypeOf<string>();
    w.visit(room.out(Posted).edges());
    room.connect(Message, { text: "a", sender: "b" }, via(Posted, { at: 1 }));
  })
  .exit((_w, here) => {
    expectTypeOf(here.id).toEqualTypeOf<string>();
  });

const roomHandlers = handlers(Room).entry(postMessage, (room, w) => {
  expectTypeOf(room).toEqualTypeOf<Room>();
  room.addUser(w.sender);
  w.report({ id: room.id });
});

export async function use(): Promise<void> {
  const graph = await openGraph({
    types: [Room, Message, Posted, Person, Member, VipRoom, Follows],
    handlers: [roomHandlers],
  });
  const run = await graph.spawn(postMessage, { room: "general", sender: "ann", text: "hi" });
  expectTypeOf(run.reports).toEqualTypeOf<{ id: string }[]>();
  expectTypeOf(run.state).toEqualTypeOf<{ seen: number }>();
  // @ts-expect-error input is missing
  await graph.spawn(postMessage, { room: "a" });

  await graph.transaction(async (tx) => {
    const recent = await tx.root
      .out(Room, { name: "general" })
      .out(Posted, { at: gte(0) })
      .ofType(Message)
      .limit(20)
      .all();
    expectTypeOf(recent).toEqualTypeOf<Message[]>();
    expectTypeOf(await tx.root.out(Room).out(Posted).all()).toEqualTypeOf<Message[]>();
    const busiest = await tx
      .nodes(Room, or({ name: "a" }, { name: "b" }))
      .orderBy("messageCount", "desc")
      .first();
    expectTypeOf(busiest).toEqualTypeOf<Room | undefined>();
    busiest?.recent();
    tx.root.out(Room, { topic: "x" });
    // @ts-expect-error an unknown field
    tx.root.out(Room, { nope: 1 });
    // @ts-expect-error a string compared with a number
    tx.root.out(Room, { messageCount: gte("a") });
    // @ts-expect-error an unknown field to order by
    tx.nodes(Room).orderBy("nope");
    // @ts-expect-error persons do not post
    (await tx.nodes(Person).one()).link(recent[0] as Message, via(Posted, { at: 1 }));

    const ann = tx.root.connect(Person, { name: "ann" });
    const bob = tx.root.connect(Person, { name: "bob" });
    expectTypeOf(ann.link(bob, via(Follows))).toEqualTypeOf<Follows>();
    ann.link(bob, via(Follows, { since: 3 }));
    // @ts-expect-error the edge's field is missing
    ann.link(bob, via(Posted));
    const made = ann.connect(Room, [{ name: "x" }, { name: "y" }]);
    expectTypeOf(made).toEqualTypeOf<Room[]>();
    for await (const { edge: follows, node: person } of ann.out(Follows, {}, { depth: [1, 3] }).pairs()) {
      expectTypeOf(follows).toEqualTypeOf<Follows>();
      expectTypeOf(person).toEqualTypeOf<Person>();
    }
    // @ts-expect-error Posted does not end at a Person
    made[0]?.connect(Person, { name: "a" }, via(Posted, { at: 1 }));
    tx.root.connect(VipRoom, { name: "v", level: 1 });
    tx.root.grant("read");
    // @ts-expect-error not a level
    tx.root.grant("all");
    // @ts-expect-error nodes are not made with new
    new Room();
    return recent;
  });

  const alice = await graph.createRoot();
  await graph.as(alice).spawn(postMessage, { room: "a", sender: "b", text: "c" });
}
