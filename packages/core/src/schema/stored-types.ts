import {
  type CatalogDescription,
  type IndexDescription,
  nameInCode,
  type TypeDescription,
} from "./catalog-description.ts";
import { defineStatics } from "./define-type.ts";
import { definitionOf, TypeDefinition } from "./definition.ts";
import { Edge } from "./edge.ts";
import { defineFieldAccessors, EdgeEntity, type EntityClass, NodeEntity } from "./entity.ts";
import type { FieldDefinition, Schema } from "./field.ts";
import type { IndexDefinition } from "./index-definition.ts";
import { Root } from "./node.ts";

/**
 * Classes for the types that a store holds, by the names that the code gave them last, for a program that has not got the app's own: parents, fields and
 * indexes are as stored. What is code is not there: methods, validators (every value passes, none is filled in), the
 * ends of edge types, access rules. A type has the fields of all its shapes, so that what was kept aside is seen too.
 */
export function storedTypes(catalog: CatalogDescription): Map<string, EntityClass> {
  const classes = new Map<string, EntityClass>();
  const byStoredName = new Map<string, EntityClass>();
  for (const type of catalog.types) {
    const builtIn = type.name === "Root" ? Root : type.name === "Edge" ? Edge : undefined;
    const cls =
      builtIn === undefined ? defineStored(type, catalog, byStoredName) : (builtIn as unknown as EntityClass);
    classes.set(nameInCode(type), cls);
    byStoredName.set(type.name, cls);
  }
  return classes;
}

function defineStored(
  type: TypeDescription,
  catalog: CatalogDescription,
  classes: ReadonlyMap<string, EntityClass>,
): EntityClass {
  const { kind, undirected } = type;
  const name = nameInCode(type);
  const base =
    classes.get(type.parent ?? "") ?? ((kind === "node" ? NodeEntity : EdgeEntity) as unknown as EntityClass);
  const parent = definitionOf(base)?.with(base);
  const own = ownFields(type, parent);
  const fields = [...(parent?.fields ?? []), ...own];
  const cls = class extends (base as unknown as new () => object) {} as unknown as EntityClass;
  const definition = new TypeDefinition(
    {
      kind,
      name,
      parent,
      fields,
      indexes: [
        ...(parent?.indexes ?? []),
        ...catalog.indexes
          .filter((index) => index.type === type.name)
          .map((index) => named(index, name, fields)),
      ],
      access: undefined,
      ends: undefined,
      undirected,
      storedName: type.name,
      isFromStore: true,
    },
    cls,
  );
  // A later version of the library may have a member of a name that was free when the field was declared; `$data` has it.
  for (const field of own)
    if (!(field.name in base.prototype)) defineFieldAccessors(cls.prototype, field.name);
  defineStatics(cls, definition, false);
  return cls;
}

/** The index as the code has it. */
function named(index: IndexDescription, type: string, fields: readonly FieldDefinition[]): IndexDefinition {
  const { name, type: storedType, fields: keys, unique, per } = index;
  const names = keys.map((key) => fields.find((field) => field.key === key)?.name ?? key);
  return {
    name: `${type}.${names.join("+")}${per === undefined ? "" : "@owner"}`,
    type,
    fields: names,
    stored: { name, type: storedType, fields: keys },
    unique,
    ...(per !== undefined && { per }),
  };
}

/** The fields of all shapes, as the latest one orders them and then older ones. */
function ownFields(type: TypeDescription, parent: TypeDefinition | undefined): FieldDefinition[] {
  const fields = new Map<string, FieldDefinition>();
  for (const shape of type.shapes.toReversed()) {
    for (const { name, key = name, vendor } of shape.fields) {
      // Under a name that it had once a field is shown in the records that were stored then.
      if (fields.has(name) || parent?.hasField(name)) continue;
      fields.set(name, { name, key, schema: anything(vendor), declaredBy: type.name, path: [name] });
    }
  }
  return [...fields.values()];
}

function anything(vendor: string): Schema {
  return { "~standard": { version: 1, vendor, validate: (value) => ({ value }) } };
}
