import { describe, expect, test } from "vitest";
import { z } from "zod";
import { definitionOf, type TypeDefinition } from "./definition.ts";
import { Edge, EdgeToMake, edge, via } from "./edge.ts";
import { node, Root } from "./node.ts";

function define(cls: unknown): TypeDefinition {
  return definitionOf(cls) as TypeDefinition;
}

class Room extends node(
  "Room",
  { name: z.string(), topic: z.string().optional(), count: z.int().default(0) },
  { unique: ["name", { fields: ["topic", "name"], per: "owner" }], index: ["count"] },
) {
  get title(): string {
    return `#${this.name}`;
  }
}
class VipRoom extends Room.extend("VipRoom", { level: z.number() }, { index: ["level"] }) {}
class Follows extends edge("Follows", { since: z.number() }, { from: Room, to: () => VipRoom }) {}

describe("a node type", () => {
  test("is described by its definition", () => {
    const definition = define(Room);
    expect(definition).toMatchObject({ kind: "node", name: "Room", parent: undefined, undirected: false });
    expect(definition.fieldNames).toEqual(["name", "topic", "count"]);
    expect(definition.indexes).toMatchObject([
      { name: "Room.name", type: "Room", fields: ["name"], unique: true },
      { name: "Room.topic+name@owner", type: "Room", fields: ["topic", "name"], unique: true, per: "owner" },
      { name: "Room.count", type: "Room", fields: ["count"], unique: false },
    ]);
  });

  test("tells its name, kind and schemas", () => {
    expect(Room.typeName).toBe("Room");
    expect(Room.kind).toBe("node");
    expect(Object.keys(Room.fields)).toEqual(["name", "topic", "count"]);
    expect(Object.isFrozen(Room.fields)).toBe(true);
  });

  test("can be extended: fields and indexes come first from the base", () => {
    const definition = define(VipRoom);
    expect(definition.fieldNames).toEqual(["name", "topic", "count", "level"]);
    expect(definition.fields.map((field) => field.declaredBy)).toEqual(["Room", "Room", "Room", "VipRoom"]);
    expect(definition.indexes.map((index) => index.name)).toEqual([
      "Room.name",
      "Room.topic+name@owner",
      "Room.count",
      "VipRoom.level",
    ]);
    expect(definition.parent?.name).toBe("Room");
    expect(definition.parent?.cls).toBe(Room);
    expect(VipRoom.prototype).toBeInstanceOf(Room);
    expect(VipRoom.typeName).toBe("VipRoom");
    expect(Room.typeName).toBe("Room");
  });

  test("cannot extend Root: a root is somebody who can act", () => {
    expect(() => (Root as never as typeof Room).extend("Member", {})).toThrow(
      "Member: Root cannot be extended",
    );
  });

  test("inherits the access rule of its base or has its own", () => {
    const Base = node(
      "Base",
      { open: z.boolean() },
      { access: (record) => (record.open ? "read" : undefined) },
    );
    const Inheriting = Base.extend("Inheriting", {});
    const Stricter = Base.extend("Stricter", {}, { access: () => "none" });
    const state = { open: true };
    expect(define(Inheriting).judge(state, "me")).toBe(1);
    expect(define(Stricter).judge(state, "me")).toBe(0);
    expect(define(Base).judge({ open: false }, "me")).toBeUndefined();
    expect(define(Room).judge({}, "me")).toBeUndefined();
  });

  test("is inert: defining it twice harms nobody", () => {
    expect(node("Room", {})).not.toBe(node("Room", {}));
  });
});

describe("the built-in types", () => {
  test("have no fields", () => {
    expect(define(Root)).toMatchObject({ kind: "node", name: "Root", fieldNames: [] });
    expect(define(Edge)).toMatchObject({ kind: "edge", name: "Edge", fieldNames: [] });
  });
});

describe("an edge type", () => {
  test("knows its ends, late where it must", () => {
    const { ends, undirected } = define(Follows);
    expect([ends?.source(), ends?.target(), undirected]).toEqual([Room, VipRoom, false]);
  });

  test("goes anywhere without ends, and can lack a direction", () => {
    const { ends, undirected } = define(edge("Knows", {}, { undirected: true }));
    expect([ends?.source(), ends?.target(), undirected]).toEqual([undefined, undefined, true]);
  });

  test("passes its ends and direction on to types that extend it", () => {
    const Close = Follows.extend("Close", { note: z.string() });
    expect(define(Close).ends?.target()).toBe(VipRoom);
    expect(define(Close).fieldNames).toEqual(["since", "note"]);
    expect(define(edge("Knows", {}, { undirected: true }).extend("Likes", {})).undirected).toBe(true);
  });

  test("names the fields of an edge to make by via()", () => {
    expect(via(Follows, { since: 1 })).toEqual(new EdgeToMake(Follows, { since: 1 }));
    expect(via(Edge).fields).toEqual({});
    expect(() => via(Room as never, {} as never)).toThrow(TypeError);
  });
});

describe("a definition is refused", () => {
  test.each<[string, () => unknown, string, string]>([
    ["without a name", () => node(undefined as never, {}), "RW_DEFINITION_NAME", "undefined is not a name"],
    ["with an empty name", () => node("", {}), "RW_DEFINITION_NAME", '"" is not an identifier'],
    [
      "with a name that is no identifier",
      () => node("Chat room", {}),
      "RW_DEFINITION_NAME",
      '"Chat room" is not an identifier',
    ],
    [
      "with a built-in's name",
      () => node("Root" as never, {}),
      "RW_DEFINITION_NAME",
      '"Root" is the name of a built-in type',
    ],
    [
      "with an unsafe name",
      () => edge("constructor" as never, {}),
      "RW_DEFINITION_NAME",
      '"constructor" is unsafe as a name',
    ],
    [
      "with a name that starts with $",
      () => edge("$x" as never, {}),
      "RW_DEFINITION_NAME",
      '"$x" starts with $ or __',
    ],
    [
      "with a very long name",
      () => node("x".repeat(65), {}),
      "RW_DEFINITION_NAME",
      "is longer than 64 characters",
    ],
    [
      "with a field id",
      () => node("A", { id: z.string() } as never),
      "RW_DEFINITION_NAME",
      'A: "id" is a member of every node',
    ],
    [
      "with a field then",
      // biome-ignore lint/suspicious/noThenProperty: that is what is refused
      () => node("A", { then: z.string() } as never),
      "RW_DEFINITION_NAME",
      '"then" is unsafe as a name',
    ],
    [
      "with a field toString",
      () => node("A", { toString: z.string() } as never),
      "RW_DEFINITION_NAME",
      "is unsafe as a name",
    ],
    [
      "with a field __proto__",
      () => node("A", JSON.parse('{"__proto__": 1}')),
      "RW_DEFINITION_NAME",
      "starts with $ or __",
    ],
    [
      "with a field $data",
      () => node("A", { $data: z.string() } as never),
      "RW_DEFINITION_NAME",
      "starts with $ or __",
    ],
    [
      "with a field out on a node",
      () => node("A", { out: z.string() } as never),
      "RW_DEFINITION_NAME",
      "is a member of every node",
    ],
    [
      "with a field sourceId on an edge",
      () => edge("A", { sourceId: z.string() } as never),
      "RW_DEFINITION_NAME",
      "is a member of every edge",
    ],
    [
      "with a field that is no schema",
      () => node("A", { a: String } as never),
      "RW_DEFINITION_FIELD",
      "A.a is function, not a Standard Schema validator",
    ],
    [
      "without fields",
      () => node("A", undefined as never),
      "RW_DEFINITION_FIELD",
      "A: its fields are not given as an object",
    ],
    [
      "with a field of its base again",
      () => Room.extend("B", { name: z.string() } as never),
      "RW_DEFINITION_DUPLICATE",
      "B.name is a field of Room, which B extends",
    ],
    [
      "with a field that a method of its base has",
      () => Room.extend("B", { title: z.string() } as never),
      "RW_DEFINITION_OVERRIDE",
      "B.title is a stored field, and would hide a member of class Room",
    ],
    [
      "with a unique field that is none",
      () => node("A", { a: z.string() }, { unique: ["b"] as never }),
      "RW_DEFINITION_INDEX",
      '"unique b" names no field',
    ],
    [
      "with an index of nothing",
      () => node("A", { a: z.string() }, { index: [{ fields: [] }] }),
      "RW_DEFINITION_INDEX",
      "has a key without fields",
    ],
    [
      "with an index of a field twice",
      () => node("A", { a: z.string() }, { index: [{ fields: ["a", "a"] }] }),
      "RW_DEFINITION_INDEX",
      "names a field twice",
    ],
    [
      "with an index per something",
      () => node("A", { a: z.string() }, { index: [{ fields: ["a"], per: "day" as never }] }),
      "RW_DEFINITION_INDEX",
      "has a `per` other than",
    ],
    [
      "with an index declared twice",
      () => node("A", { a: z.string() }, { unique: ["a"], index: ["a"] }),
      "RW_DEFINITION_INDEX",
      "is declared twice",
    ],
    [
      "with an index of its base again",
      () => Room.extend("B", {}, { index: ["count"] }),
      "RW_DEFINITION_INDEX",
      "is declared twice",
    ],
    [
      "with an index list that is none",
      () => node("A", { a: z.string() }, { index: "a" as never }),
      "RW_DEFINITION_INDEX",
      "is not an array of keys",
    ],
    [
      "with indexes on an edge",
      () => edge("A", { a: z.string() }, { unique: ["a"] } as never),
      "RW_DEFINITION_INDEX",
      "only node types have indexes",
    ],
    [
      "with an asynchronous access rule",
      () => node("A", {}, { access: (async () => "read") as never }),
      "RW_DEFINITION_ASYNC",
      "A: its access rule is asynchronous",
    ],
    [
      "with an edge type as end",
      () => edge("A", {}, { from: Follows as never }),
      "RW_DEFINITION_ENDS",
      "A: its `from` is not a node type",
    ],
    [
      "with an end that is nothing",
      () => edge("A", {}, { to: {} as never }),
      "RW_DEFINITION_ENDS",
      "A: its `to` is not a node type",
    ],
  ])("%s", (_what, definition, code, message) => {
    expect(definition).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  test("with options of the wrong type", () => {
    expect(() => node("A", {}, 5 as never)).toThrow(TypeError);
    expect(() => node("A", {}, { access: "read" as never })).toThrow(TypeError);
    expect(() => edge("A", {}, { undirected: 1 as never })).toThrow(TypeError);
    expect(() => edge("A", {}, null as never)).toThrow(TypeError);
  });

  test("with a thunk that gives no node type, when it is asked", () => {
    const ends = define(edge("A", {}, { from: (() => 5) as never, to: (() => Late) as never })).ends;
    expect(() => ends?.source()).toThrow(expect.objectContaining({ code: "RW_DEFINITION_ENDS" }));
    expect(() => ends?.target()).toThrow(expect.objectContaining({ code: "RW_DEFINITION_ENDS" }));
    class Late {}
  });
});
