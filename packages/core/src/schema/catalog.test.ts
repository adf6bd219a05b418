import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  buildCatalog,
  type Catalog,
  type CatalogDescription,
  emptyCatalog,
  joinCatalogs,
} from "./catalog.ts";
import { definitionOf } from "./definition.ts";
import { Edge, edge } from "./edge.ts";
import { node, Root } from "./node.ts";

class Place extends node("Place", { name: z.string() }, { unique: ["name"] }) {}
class Room extends Place.extend("Room", { seats: z.int().default(1) }) {}
class Hall extends Room.extend("Hall", {}, { index: ["seats"], access: () => "read" }) {}
class Person extends node("Person", {}) {}
class In extends edge("In", {}, { from: Person, to: () => Place }) {}
class Beside extends edge("Beside", {}, { from: Room, to: Person, undirected: true }) {}

function names(catalog: Catalog, numbers: readonly number[]): string[] {
  return numbers.map((number) => catalog.definition(number).name);
}

describe("a catalog", () => {
  const catalog = buildCatalog([Hall, In, Person, Beside]);

  test("numbers its types from 1, the built-in ones first and base types before their subtypes", () => {
    expect(catalog.definitions().map(({ name }) => name)).toEqual([
      "Root",
      "Edge",
      "Place",
      "Room",
      "Hall",
      "In",
      "Person",
      "Beside",
    ]);
    expect(catalog.size).toBe(9);
    expect([catalog.rootNumber, catalog.defaultEdgeNumber]).toEqual([1, 2]);
    expect(names(catalog, catalog.nodeNumbers)).toEqual(["Root", "Place", "Room", "Hall", "Person"]);
    expect(names(catalog, catalog.edgeNumbers)).toEqual(["Edge", "In", "Beside"]);
  });

  test("finds types by name and by class", () => {
    const hall = catalog.definitionOf(Hall);
    expect(catalog.definition(catalog.numberOf("Hall"))).toBe(hall);
    expect(hall.cls).toBe(Hall);
    expect(catalog.definitionOf(Room).cls).toBe(Room);
    expect(catalog.defaultEdge).toBe(catalog.definitionOf(Edge));
    expect(catalog.definitionOf(Root)).toBe(catalog.definition(catalog.rootNumber));
    expect(catalog.findNumber("Nope")).toBe(0);
    expect(() => catalog.numberOf("Nope")).toThrow(expect.objectContaining({ code: "RW_UNKNOWN_TYPE" }));
  });

  test("refuses a class that the graph was not opened with", () => {
    class Other extends node("Other", {}) {}
    class Namesake extends node("Person", {}) {}
    for (const cls of [Other, Namesake]) {
      expect(() => catalog.definitionOf(cls)).toThrow(expect.objectContaining({ code: "RW_UNKNOWN_TYPE" }));
    }
    expect(() => catalog.definitionOf(Other)).toThrow("was not opened with the type Other");
    expect(() => catalog.definitionOf(Namesake)).toThrow("opened with another class for the type Person");
    expect(() => catalog.definitionOf(In, "node")).toThrow(
      new TypeError("Expected a class of a node type, got the function In"),
    );
    expect(() => catalog.definitionOf("Room")).toThrow(TypeError);
  });

  test("knows which types are others", () => {
    const isA = (name: string, ancestor: string) =>
      catalog.isA(catalog.numberOf(name), catalog.numberOf(ancestor));
    expect([isA("Hall", "Place"), isA("Hall", "Room"), isA("Hall", "Hall")]).toEqual([true, true, true]);
    expect([isA("Place", "Hall"), isA("Person", "Place"), isA("Root", "Place")]).toEqual([
      false,
      false,
      false,
    ]);
    expect(catalog.isA(0, 1)).toBe(false);
    const members = catalog.membersOf(catalog.numberOf("Room"));
    expect(
      names(
        catalog,
        [...members.keys()].filter((number) => members[number] === 1),
      ),
    ).toEqual(["Room", "Hall"]);
  });

  test("knows directions and rules", () => {
    expect(catalog.isUndirected(catalog.numberOf("Beside"))).toBe(true);
    expect(catalog.isUndirected(catalog.numberOf("In"))).toBe(false);
    expect(catalog.isRuled(catalog.numberOf("Hall"))).toBe(true);
    expect(catalog.isRuled(catalog.numberOf("Room"))).toBe(false);
  });

  test("has every index once", () => {
    expect(catalog.indexes().map(({ name }) => name)).toEqual(["Place.name", "Hall.seats"]);
    expect(catalog.index("Place.name").unique).toBe(true);
    expect(catalog.definitionOf(Hall).indexes.map(({ name }) => name)).toEqual(["Place.name", "Hall.seats"]);
  });

  test("lets edges connect what their type says", () => {
    const check = (cls: unknown, source: unknown, target: unknown) => () =>
      catalog.checkEnds(
        catalog.definitionOf(cls),
        catalog.numberOf(catalog.definitionOf(source).name),
        catalog.numberOf(catalog.definitionOf(target).name),
      );
    for (const allowed of [
      check(In, Person, Hall),
      check(In, Person, Place),
      check(Edge, Root, Hall),
      check(Beside, Hall, Person),
      check(Beside, Person, Room),
    ]) {
      expect(allowed).not.toThrow();
    }
    expect(check(In, Hall, Person)).toThrow(
      expect.objectContaining({
        code: "RW_EDGE_ENDS",
        message: "In leads from Person to Place, not from Hall to Person",
      }),
    );
    expect(check(Beside, Place, Person)).toThrow(expect.objectContaining({ code: "RW_EDGE_ENDS" }));
  });

  test("is independent of other catalogs", () => {
    expect(buildCatalog([Person]).definitionOf(Person)).not.toBe(catalog.definitionOf(Person));
  });
});

describe("a catalog is refused", () => {
  class Plain {}
  class OtherRoom extends node("Room", {}) {}
  class AlsoPerson extends Person {}
  class Getter extends node("Getter", { name: z.string() }) {
    override get name() {
      return "x";
    }
  }
  class Method extends Room.extend("Method", { size: z.number() }) {}
  Object.defineProperty(Method.prototype, "seats", { value: () => 5 });
  class Property extends node("Property", { name: z.string() }) {
    override name = "x";
  }
  class Assigned extends node("Assigned", { name: z.string() }) {
    constructor(...args: [never]) {
      super(...args);
      this.name = "x";
    }
  }
  class Forgetful extends node("Forgetful", { name: z.string() }) {
    constructor(...args: [never]) {
      super(args[0]);
    }
  }
  class Slow extends node("Slow", { name: z.string().refine(async () => true) }) {}
  class Dangling extends edge("Dangling", {}, { to: () => Person }) {}

  test.each<[string, readonly unknown[], string, string]>([
    ["for what is no type", [Plain], "RW_DEFINITION_TYPE", "Among the types is the function Plain"],
    ["for a name instead of a class", ["Room"], "RW_DEFINITION_TYPE", "Among the types is string"],
    [
      "for two types of one name",
      [Room, OtherRoom],
      "RW_DEFINITION_DUPLICATE",
      'Two types have the name "Room"',
    ],
    [
      "for two types of one name, one of them a base",
      [OtherRoom, Hall],
      "RW_DEFINITION_DUPLICATE",
      'Two types have the name "Room"',
    ],
    [
      "for two classes of one type",
      [Person, AlsoPerson],
      "RW_DEFINITION_DUPLICATE",
      'Person and AlsoPerson are two classes of the one type "Person"',
    ],
    [
      "for a getter over a field",
      [Getter],
      "RW_DEFINITION_OVERRIDE",
      "Getter.name is a stored field, and a member of class Getter",
    ],
    [
      "for a method over an inherited field",
      [Method],
      "RW_DEFINITION_OVERRIDE",
      "Method.seats is a stored field, and a member of class Method",
    ],
    [
      "for a property over a field",
      [Property],
      "RW_DEFINITION_OVERRIDE",
      "Property.name is a stored field, and an initialised property",
    ],
    [
      "for a field that the constructor assigns",
      [Assigned],
      "RW_DEFINITION_OVERRIDE",
      "Assigned.name is a stored field, and an initialised property",
    ],
    [
      "for a constructor that keeps its arguments",
      [Forgetful],
      "RW_DEFINITION_TYPE",
      "Forgetful: the constructor of its class does not pass on",
    ],
    [
      "for an asynchronous validator",
      [Slow],
      "RW_DEFINITION_ASYNC",
      "Slow.name: the validator is asynchronous",
    ],
    [
      "for an edge whose end is missing",
      [Dangling],
      "RW_DEFINITION_TYPE",
      "Dangling has Person as its target, which is not among the types",
    ],
  ])("%s", (_what, classes, code, message) => {
    expect(() => buildCatalog(classes)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("not for a class that is given twice, nor for one that has properties of its own", () => {
    class Cached extends node("Cached", { name: z.string() }) {
      cache = new Map<string, string>();
      size = this.name.length;
    }
    expect(buildCatalog([Person, Person, Cached]).definitionOf(Cached).cls).toBe(Cached);
  });

  test("not for a class that only adds methods to a type", () => {
    expect(buildCatalog([AlsoPerson]).definitionOf(Person).cls).toBe(AlsoPerson);
  });
});

describe("a described catalog", () => {
  const description = buildCatalog([Hall, Person, Beside]).describe();

  test("is plain data, for stores to keep", () => {
    expect(JSON.parse(JSON.stringify(description))).toEqual({
      types: [
        { name: "Root", kind: "node", undirected: false, shapes: [{ version: 0, fields: [] }] },
        { name: "Edge", kind: "edge", undirected: false, shapes: [{ version: 0, fields: [] }] },
        {
          name: "Place",
          kind: "node",
          undirected: false,
          shapes: [{ version: 0, fields: [{ name: "name", required: true, vendor: "zod" }] }],
        },
        {
          name: "Room",
          kind: "node",
          parent: "Place",
          undirected: false,
          shapes: [
            {
              version: 0,
              fields: [
                { name: "name", required: true, vendor: "zod" },
                { name: "seats", required: false, vendor: "zod" },
              ],
            },
          ],
        },
        expect.objectContaining({ name: "Hall", parent: "Room" }),
        expect.objectContaining({ name: "Person" }),
        { name: "Beside", kind: "edge", undirected: true, shapes: [{ version: 0, fields: [] }] },
      ],
      indexes: [
        { name: "Place.name", type: "Place", fields: ["name"], unique: true },
        { name: "Hall.seats", type: "Hall", fields: ["seats"], unique: false },
      ],
    });
  });

  test("gets the versions of its shapes from a store", () => {
    const stored = joinCatalogs(emptyCatalog, description);
    expect(stored.types.flatMap(({ shapes }) => shapes.map(({ version }) => version))).toEqual(
      Array(7).fill(1),
    );
    const catalog = buildCatalog([Hall, Beside, Person]);
    expect(catalog.definitionOf(Hall).shape).toBe(0);
    catalog.adopt(stored);
    expect(catalog.definitionOf(Hall).shape).toBe(1);
    expect(catalog.definitionOf(Hall).cls).toBe(Hall);
  });
});

describe("joining what a store holds with what the code says", () => {
  function describeTypes(...classes: readonly unknown[]): CatalogDescription {
    return buildCatalog(classes).describe();
  }
  const stored = joinCatalogs(emptyCatalog, describeTypes(Hall, Person));

  test("changes nothing where nothing is new", () => {
    expect(joinCatalogs(stored, describeTypes(Hall, Person))).toBe(stored);
    expect(joinCatalogs(stored, describeTypes(Person))).toBe(stored);
  });

  test("adds types and keeps those that the code no longer has", () => {
    const joined = joinCatalogs(stored, describeTypes(Person, Place, In));
    expect(joined.types.map(({ name }) => name)).toEqual([
      "Root",
      "Edge",
      "Place",
      "Room",
      "Hall",
      "Person",
      "In",
    ]);
    expect(joined.indexes).toBe(stored.indexes);
  });

  test("gives a changed shape the next version and finds an old one again", () => {
    class Grown extends node("Person", { age: z.number().optional() }) {}
    const grown = joinCatalogs(stored, describeTypes(Grown));
    const shapes = grown.types.find(({ name }) => name === "Person")?.shapes;
    expect(shapes?.map(({ version, fields }) => [version, fields.length])).toEqual([
      [1, 0],
      [2, 1],
    ]);
    expect(joinCatalogs(grown, describeTypes(Person))).toBe(grown);
    const old = buildCatalog([Person]);
    old.adopt(grown);
    const young = buildCatalog([Grown]);
    young.adopt(grown);
    expect([old.definitionOf(Person).shape, young.definitionOf(Grown).shape]).toEqual([1, 2]);
  });

  test("lets the code say whether an index is unique", () => {
    class Relaxed extends node("Place", { name: z.string() }, { index: ["name"] }) {}
    const joined = joinCatalogs(stored, describeTypes(Relaxed));
    expect(joined.indexes.map(({ name, unique }) => [name, unique])).toEqual([
      ["Place.name", false],
      ["Hall.seats", false],
    ]);
    expect(joined.types).toEqual(stored.types);
  });

  test.each<[string, unknown, string]>([
    ["kind", edge("Person", {}), "Person: kind is node in the store and edge in the code"],
    [
      "base type",
      Place.extend("Person", {}),
      "Person: parent is undefined in the store and Place in the code",
    ],
  ])("is refused when a type changed its %s", (_what, cls, message) => {
    expect(() => joinCatalogs(stored, describeTypes(cls))).toThrow(
      expect.objectContaining({ code: "RW_STORE_CATALOG", message }),
    );
  });

  test("is refused when an edge type lost its direction", () => {
    const held = joinCatalogs(emptyCatalog, describeTypes(edge("Knows", {})));
    expect(() => joinCatalogs(held, describeTypes(edge("Knows", {}, { undirected: true })))).toThrow(
      expect.objectContaining({ code: "RW_STORE_CATALOG" }),
    );
  });
});

describe("types that only the store knows", () => {
  const stored = joinCatalogs(emptyCatalog, buildCatalog([Hall, In, Person]).describe());

  test("read as the nearest base type that the code has, under their own names", () => {
    const catalog = buildCatalog([Place]);
    catalog.adopt(stored);
    const hall = catalog.definition(catalog.numberOf("Hall"));
    expect(catalog.isA(catalog.numberOf("Hall"), catalog.numberOf("Place"))).toBe(true);
    expect(catalog.isA(catalog.numberOf("Hall"), catalog.numberOf("Room"))).toBe(true);
    expect([hall.fieldNames, hall.shape]).toEqual([["name"], 1]);
    const record = hall.instantiate(
      { noteDataRead() {} } as never,
      0,
      { name: "x" },
      1,
      0x7000,
      -0x80000000,
      1,
    );
    expect(record).toBeInstanceOf(Place);
    expect([record.$type, (record as unknown as Place).name]).toEqual(["Hall", "x"]);
  });

  test("read as nodes and edges without fields where the code has no base", () => {
    const catalog = buildCatalog([]);
    catalog.adopt(stored);
    const place = catalog.definition(catalog.numberOf("Place"));
    const inPlace = catalog.definition(catalog.numberOf("In"));
    expect([place.kind, place.fieldNames, inPlace.kind]).toEqual(["node", [], "edge"]);
    expect(names(catalog, catalog.edgeNumbers)).toEqual(["Edge", "In"]);
  });

  test("are not what the code tells other stores", () => {
    const catalog = buildCatalog([Place]);
    catalog.adopt(stored);
    expect(catalog.describe().types.map(({ name }) => name)).toEqual(["Root", "Edge", "Place"]);
  });

  test("stay what they are when the store is asked again", () => {
    const catalog = buildCatalog([Place]);
    catalog.adopt(stored);
    const before = catalog.definition(catalog.numberOf("Hall"));
    catalog.adopt(stored);
    expect(catalog.definition(catalog.numberOf("Hall"))).toBe(before);
  });
});

test("definitions are found behind classes alone", () => {
  expect([undefined, null, "Room", {}, () => {}, Map].map(definitionOf)).toEqual(Array(6).fill(undefined));
  expect(definitionOf(Room)?.cls.prototype).toBe(Object.getPrototypeOf(Room.prototype));
});
