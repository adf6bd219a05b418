import type {
  CatalogDescription,
  IndexDescription,
  TypeDescription,
} from "../../schema/catalog-description.ts";

/** The types that the suite stores. `Root` and `Edge` are in every catalog. */
export const catalog: CatalogDescription = {
  types: [
    nodeType("Root"),
    nodeType("Person", "name", "email", "team", "rank", "value"),
    { ...nodeType("Employee", "name", "email", "team", "rank", "value", "badge"), parent: "Person" },
    nodeType("Room", "name"),
    edgeType("Edge"),
    edgeType("Knows", "since"),
    edgeType("Likes"),
    { ...edgeType("Near"), undirected: true },
  ],
  indexes: [
    index("Person", ["email"], { unique: true }),
    index("Person", ["value"]),
    index("Person", ["team", "rank"]),
    index("Room", ["name"], { unique: true, per: "owner" }),
  ],
};

export function nodeType(name: string, ...fields: readonly string[]): TypeDescription {
  const described = fields.map((field) => ({ name: field, required: false, vendor: "conformance" }));
  return { name, kind: "node", undirected: false, shapes: [{ version: 0, fields: described }] };
}

export function edgeType(name: string, ...fields: readonly string[]): TypeDescription {
  return { ...nodeType(name, ...fields), kind: "edge" };
}

export function index(
  type: string,
  fields: readonly string[],
  { unique = false, per }: { unique?: boolean; per?: "owner" } = {},
): IndexDescription {
  const name = `${type}.${fields.join("+")}${per === undefined ? "" : "@owner"}`;
  return { name, type, fields, unique, ...(per !== undefined && { per }) };
}
