import { ValidationError } from "../errors.ts";
import type { TypeDefinition } from "./definition.ts";
import {
  definitionKey,
  EdgeEntity,
  Entity,
  type EntityClass,
  type EntityHost,
  hostOf,
  instantiate,
  NodeEntity,
} from "./entity.ts";

/**
 * Refuses a user's class whose members would hide stored fields, or whose constructor does not do its part.
 *
 * @throws {ValidationError} `RW_DEFINITION_OVERRIDE`, `RW_DEFINITION_TYPE`
 */
export function checkClass(cls: EntityClass, definition: TypeDefinition): void {
  checkPrototypes(cls, definition);
  checkInstance(cls, definition);
}

function override(definition: TypeDefinition, field: string, what: string): ValidationError {
  return new ValidationError({
    code: "RW_DEFINITION_OVERRIDE",
    message: `${definition.name}.${field} is a stored field, and ${what} of this name would hide it`,
    path: [field],
  });
}

/** Methods and accessors: they stand on prototypes between the user's class and the base of all entities. */
function checkPrototypes(cls: EntityClass, definition: TypeDefinition): void {
  const end: object = definition.kind === "node" ? NodeEntity.prototype : EdgeEntity.prototype;
  for (let at: object = cls.prototype; at !== end && at !== null; at = Object.getPrototypeOf(at)) {
    // Classes that `node`, `edge` and `extend` made have the fields' own accessors.
    if (Object.hasOwn(at.constructor, definitionKey)) continue;
    for (const name of Object.getOwnPropertyNames(at)) {
      if (definition.hasField(name))
        throw override(definition, name, `a member of class ${at.constructor.name}`);
    }
  }
}

/** Class fields: they appear on instances alone, so one is made and thrown away. */
function checkInstance(cls: EntityClass, definition: TypeDefinition): void {
  const host = new ProbeHost();
  let entity: Entity;
  try {
    entity = instantiate(
      cls,
      host as unknown as EntityHost,
      0,
      definition.emptyState(),
      0,
      0x7000,
      -0x80000000,
      0,
    );
  } catch {
    if (host.written !== undefined) throw override(definition, host.written, "an initialised property");
    // A constructor may stumble over a record without fields; over a real one it will do.
    return;
  }
  if (!(entity instanceof Entity) || hostOf(entity) !== (host as unknown)) {
    throw new ValidationError({
      code: "RW_DEFINITION_TYPE",
      message: `${definition.name}: the constructor of its class does not pass on what it is given`,
      remedy: "Leave the constructor out, or write constructor(...args) { super(...args); … }.",
    });
  }
  for (const name of Object.getOwnPropertyNames(entity)) {
    if (definition.hasField(name)) throw override(definition, name, "an initialised property");
  }
}

/** Stands in for a unit of work: reading a field is harmless, writing one is what the check looks for. */
class ProbeHost {
  written: string | undefined;

  noteDataRead(): void {}

  writeField(_entity: Entity, field: string): void {
    this.written = field;
    throw new Error("a field is written by its own class");
  }
}
