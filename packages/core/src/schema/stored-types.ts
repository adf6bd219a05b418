import type { CatalogDescription, TypeDescription } from "./catalog-description.ts";
import { defineStatics } from "./define-type.ts";
import { definitionOf, TypeDefinition } from "./definition.ts";
import { Edge } from "./edge.ts";
import { defineFieldAccessors, EdgeEntity, type EntityClass, NodeEntity } from "./entity.ts";
import type { FieldDefinition, Schema } from "./field.ts";
import type { IndexDefinition } from "./index-definition.ts";
import { Root } from "./node.ts";

/**
 * Classes for the types that a store holds, by name, for a program that has not got the app's own: parents, fields and
 * indexes are as stored. What is code is not there: methods, validators (every value passes, none is filled in), the
 * ends of edge types, access rules. A type has the fields of all its shapes, so that what was kept aside is seen too.
 */
export function storedTypes(catalog: CatalogDescription): Map<string, EntityClass> {
  const classes = new Map<string, EntityClass>();
  for (const type of catalog.types) {
    const builtIn = type.name === "Root" ? Root : type.name === "Edge" ? Edge : undefined;
    classes.set(
      type.name,
      builtIn === undefined ? defineStored(type, catalog, classes) : (builtIn as unknown as EntityClass),
    );
  }
  return classes;
}

function defineStored(
  type: TypeDescription,
  catalog: CatalogDescription,
  classes: ReadonlyMap<string, EntityClass>,
): EntityClass {
  const { kind, name, undirected } = type;
  const base =
    classes.get(type.parent ?? "") ?? ((kind === "node" ? NodeEntity : EdgeEntity) as unknown as EntityClass);
  const parent = definitionOf(base)?.with(base);
  const own = ownFields(type, parent);
  const cls = class extends (base as unknown as new () => object) {} as unknown as EntityClass;
  const definition = new TypeDefinition(
    {
      kind,
      name,
      parent,
      fields: [...(parent?.fields ?? []), ...own],
      indexes: [
        ...(parent?.indexes ?? []),
        ...catalog.indexes.filter((index) => index.type === name),
      ] as IndexDefinition[],
      access: undefined,
      ends: undefined,
      undirected,
    },
    cls,
  );
  // A later version of the library may have a member of a name that was free when the field was declared; `$data` has it.
  for (const field of own)
    if (!(field.name in base.prototype)) defineFieldAccessors(cls.prototype, field.name);
  defineStatics(cls, definition, false);
  return cls;
}

/** The fields of all shapes, as the latest one orders them and then older ones. */
function ownFields(type: TypeDescription, parent: TypeDefinition | undefined): FieldDefinition[] {
  const fields = new Map<string, FieldDefinition>();
  for (const shape of type.shapes.toReversed()) {
    for (const { name, vendor } of shape.fields) {
      if (fields.has(name) || parent?.hasField(name)) continue;
      fields.set(name, { name, schema: anything(vendor), declaredBy: type.name, path: [name] });
    }
  }
  return [...fields.values()];
}

function anything(vendor: string): Schema {
  return { "~standard": { version: 1, vendor, validate: (value) => ({ value }) } };
}
