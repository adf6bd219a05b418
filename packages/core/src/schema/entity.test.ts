import { inspect, isDeepStrictEqual } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { newNodeAccess } from "../model/access-record.ts";
import { definitionOf, type TypeDefinition } from "./definition.ts";
import { edge } from "./edge.ts";
import {
  copyIdWords,
  type Entity,
  type EntityHost,
  hostOf,
  isDataRead,
  isEdgeEntity,
  isNodeEntity,
  markDataRead,
  setSlotOf,
  setStateOf,
  slotOf,
  stateOf,
} from "./entity.ts";
import { node } from "./node.ts";

class Room extends node("Room", {
  name: z.string(),
  topic: z.string().optional(),
  users: z.array(z.string()).default([]),
  opened: z.date().optional(),
}) {
  get title(): string {
    return `#${this.name}`;
  }
}
class Posted extends edge("Posted", { at: z.number() }) {}

const calls: unknown[][] = [];
const host = new Proxy({} as EntityHost, {
  get:
    (_target, method) =>
    (entity: Entity, ...args: unknown[]) => {
      calls.push([method, slotOf(entity), ...args]);
      if (method === "accessOf") return newNodeAccess;
      if (method === "remarkOn") return undefined;
      return `answer of ${String(method)}`;
    },
});

function make<T>(cls: unknown, slot: number, fields: object, last = 1): T & Entity {
  const definition = (definitionOf(cls) as TypeDefinition).with(cls as never);
  return definition.instantiate(host, slot, definition.create(fields), 1, 0x7000, -0x80000000, last) as T &
    Entity;
}

const id = "00000001-0000-7000-8000-000000000001";

beforeEach(() => {
  calls.length = 0;
});

describe("a record's fields", () => {
  test("read from its state, the first read alone being noted", () => {
    const room = make<Room>(Room, 7, { name: "general" });
    expect(isDataRead(room)).toBe(false);
    expect([room.name, room.topic, room.title]).toEqual(["general", undefined, "#general"]);
    expect(calls).toEqual([["noteDataRead", 7]]);
    expect(isDataRead(room)).toBe(true);
  });

  test("need no note where the unit has made the record", () => {
    const room = make<Room>(Room, 7, { name: "general" });
    markDataRead(room);
    expect(room.name).toBe("general");
    expect(calls).toEqual([]);
  });

  test("are written through its host", () => {
    const room = make<Room>(Room, 7, { name: "general" });
    room.name = "other";
    expect(calls).toEqual([["writeField", 7, "name", "other"]]);
    expect(room.name).toBe("general");
    setStateOf(room, { ...stateOf(room), name: "other" });
    expect(room.name).toBe("other");
  });

  test("are handed out so that nobody can change the stored ones", () => {
    const room = make<Room>(Room, 7, { name: "general", users: ["ann"], opened: new Date(5) });
    expect(room.users).toBe(room.users);
    expect(() => (room.users as string[]).push("bob")).toThrow(TypeError);
    room.opened?.setTime(9);
    expect(room.opened).toEqual(new Date(5));
  });
});

describe("a record shows itself", () => {
  const show = { name: "general", users: ["ann"], opened: new Date(5) };

  test("as JSON with id, type and the fields that are there", () => {
    expect(JSON.parse(JSON.stringify(make<Room>(Room, 7, show)))).toEqual({
      id,
      type: "Room",
      name: "general",
      users: ["ann"],
      opened: "1970-01-01T00:00:00.005Z",
    });
  });

  test("as one frozen object", () => {
    const { $data } = make<Room>(Room, 7, show);
    expect($data).toEqual(show);
    expect(Object.isFrozen($data)).toBe(true);
  });

  test("when inspected", () => {
    const room = make<Room>(Room, 7, show);
    expect(inspect(room)).toBe(
      `Room {\n  id: '${id}',\n  name: 'general',\n  users: [ 'ann' ],\n  opened: 1970-01-01T00:00:00.005Z\n}`,
    );
    expect(inspect({ room }, { depth: 0 })).toBe("{ room: [Room] }");
  });

  test("with its id and type", () => {
    const room = make<Room>(Room, 7, show);
    expect([room.id, room.$type]).toEqual([id, "Room"]);
    expect(room.id).toBe(room.id);
    expect(calls).toEqual([]);
  });

  test("with no keys of its own", () => {
    const room = make<Room>(Room, 7, show);
    expect(Object.keys(room)).toEqual([]);
    expect({ ...room.$data }).toEqual(show);
  });

  test("to test matchers", () => {
    expect(make<Room>(Room, 7, show)).toMatchObject({ name: "general", users: ["ann"] });
  });
});

describe("deep equality", () => {
  const equal = make<Room>(Room, 1, { name: "a" });
  const others: [string, unknown][] = [
    ["another id", make<Room>(Room, 1, { name: "a" }, 2)],
    ["another field", make<Room>(Room, 1, { name: "a", topic: "x" })],
    ["another value", make<Room>(Room, 1, { name: "b" })],
    ["a plain object", { name: "a" }],
  ];

  test("holds for the same record, wherever it was handed out and whatever was read of it", () => {
    const again = make<Room>(Room, 99, { name: "a" });
    expect(again.title).toBe("#a");
    expect(again.id).toBe(id);
    expect(again).toEqual(equal);
    expect(again).toStrictEqual(equal);
    expect(isDeepStrictEqual(again, equal)).toBe(true);
  });

  test.each(others)("fails for %s", (_what, other) => {
    expect(other).not.toEqual(equal);
    expect(isDeepStrictEqual(other, equal)).toBe(false);
  });
});

describe("what a record does goes to its host", () => {
  test.each<[string, (room: Room) => unknown, unknown[]]>([
    ["out", (room) => room.out(), ["hop", 7, "out", undefined, undefined, undefined]],
    ["in", (room) => room.in(Posted, { at: 1 }), ["hop", 7, "in", Posted, { at: 1 }, undefined]],
    ["both", (room) => room.both(Posted, {}, { depth: 2 }), ["hop", 7, "both", Posted, {}, { depth: 2 }]],
    ["connect", (room) => room.connect(Room, { name: "x" }), ["connect", 7, Room, { name: "x" }, undefined]],
    ["$access", (room) => room.$access, ["accessOf", 7]],
    ["$ownerId", (room) => room.$ownerId, ["ownerIdOf", 7]],
    ["delete", (room) => room.delete(), ["deleteEntity", 7]],
    ["grant", (room) => room.grant("read"), ["grant", 7, "read"]],
    ["revoke", (room) => room.revoke(), ["revoke", 7]],
    ["allowRoot", (room) => room.allowRoot("r", "read"), ["allowRoot", 7, "r", "read"]],
    ["disallowRoot", (room) => room.disallowRoot("r"), ["disallowRoot", 7, "r"]],
  ])("%s", (_what, act, call) => {
    act(make<Room>(Room, 7, { name: "a" }));
    expect(calls).toEqual([call]);
  });

  test("link, disconnect and update pass on what they are given", () => {
    const room = make<Room>(Room, 7, { name: "a" });
    const other = make<Room>(Room, 8, { name: "b" });
    const edit = () => {};
    room.link(other);
    room.disconnect(other, Posted, { at: 1 });
    room.update(edit);
    expect(calls).toEqual([
      ["link", 7, other, undefined],
      ["disconnect", 7, other, Posted, { at: 1 }],
      ["updateEntity", 7, edit],
    ]);
  });

  test("an edge's ends", async () => {
    const posted = make<Posted>(Posted, 3, { at: 1 });
    expect(posted.sourceId).toBe("answer of edgeEndId");
    expect(await posted.target()).toBe("answer of edgeEnd");
    expect(calls).toEqual([
      ["edgeEndId", 3, "source"],
      ["edgeEnd", 3, "target"],
    ]);
  });
});

test("what $access hands out is nobody else's", () => {
  const { $access } = make<Room>(Room, 7, { name: "a" });
  expect($access).toEqual(newNodeAccess);
  ($access.roots as Map<string, string>).set("me", "write");
  expect(newNodeAccess.roots.size).toBe(0);
  expect(Object.isFrozen($access)).toBe(true);
});

test("the layers above reach behind a record's face", () => {
  const room = make<Room>(Room, 7, { name: "a" });
  const posted = make<Posted>(Posted, 3, { at: 1 });
  expect(hostOf(room)).toBe(host);
  setSlotOf(room, 8);
  expect(slotOf(room)).toBe(8);
  const words = [9, 0, 0, 0, 0];
  copyIdWords(room, words, 1);
  expect(words).toEqual([9, 1, 0x7000, -0x80000000, 1]);
  expect([isNodeEntity(room), isEdgeEntity(room), isNodeEntity(posted), isEdgeEntity(posted)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect([isNodeEntity(undefined), isEdgeEntity({})]).toEqual([false, false]);
});

test("nodes and edges are not made with new", () => {
  const Sealed = Room as unknown as new (...args: unknown[]) => unknown;
  expect(() => new Sealed()).toThrow(
    new TypeError(
      "Room is not made with new: use node.connect(Room, …) or tx.create(Room, …), which put it into the graph",
    ),
  );
  expect(() => new Sealed(Symbol("seal"), host, 1, {}, 1, 2, 3, 4)).toThrow(TypeError);
});
