import { ValidationError } from "../errors.ts";
import { kindOf } from "../model/value-kind.ts";
import { type AccessRule, asyncRule, type EndsDefinition, TypeDefinition } from "./definition.ts";
import { defineFieldAccessors, definitionKey, type EntityClass } from "./entity.ts";
import { defineField, type FieldDefinition } from "./field.ts";
import { declareHistory, type TypeHistory } from "./history.ts";
import { declareIndexes } from "./index-definition.ts";
import { requireFieldName, requireTypeName } from "./names.ts";

/** What `node`, `edge` and `extend` are given, as far as they have it in common. Unchecked. */
export interface Declaration {
  readonly kind: "node" | "edge";
  readonly name: unknown;
  readonly fields: unknown;
  readonly options: unknown;
  /** The class that the new one extends: a base of all entities or a user's class. */
  readonly base: EntityClass;
  readonly parent?: TypeDefinition | undefined;
  readonly ends?: EndsDefinition | undefined;
  readonly undirected?: boolean | undefined;
  readonly isBuiltIn?: boolean | undefined;
}

/**
 * Makes the class of a type. Nothing is registered anywhere: a graph knows the classes that it is opened with.
 *
 * @throws {ValidationError} `RW_DEFINITION_…` that names the type and what is wrong with it.
 */
export function defineType(declaration: Declaration): EntityClass {
  const { kind, name, parent, base } = declaration;
  if (!declaration.isBuiltIn) requireTypeName(kind, name);
  const typeName = name as string;
  const options = readOptions(typeName, declaration.options);
  const given = requireFields(typeName, declaration.fields);
  const history = declareHistory(typeName, options.history, Object.keys(given), parent?.fieldNames ?? []);
  const ownFields = defineFields(kind, typeName, given, parent, history);
  for (const field of ownFields) requireFreeName(typeName, field.name, base);
  const fields = [...(parent?.fields ?? []), ...ownFields];
  const inherited = parent?.indexes ?? [];
  const indexes = declareIndexes(typeName, history.formerNames[0] ?? typeName, options, fields, inherited);

  const cls = class extends (base as unknown as new () => object) {} as unknown as EntityClass;
  const definition = new TypeDefinition(
    {
      kind,
      name: typeName,
      parent,
      fields,
      indexes: [...inherited, ...indexes],
      access: readAccessRule(typeName, options.access) ?? parent?.access,
      ends: declaration.ends ?? parent?.ends,
      undirected: declaration.undirected ?? parent?.undirected ?? false,
      history,
    },
    cls,
  );
  for (const field of ownFields) defineFieldAccessors(cls.prototype, field.name);
  defineStatics(cls, definition, kind === "node" && declaration.isBuiltIn === true);
  return cls;
}

/** What the class of a type has beside its records' members. */
export function defineStatics(cls: EntityClass, definition: TypeDefinition, isRoot: boolean): void {
  const { kind, name } = definition;
  const fields = Object.freeze(
    Object.fromEntries(definition.fields.map((field) => [field.name, field.schema])),
  );
  for (const [key, value] of Object.entries({ name, kind, typeName: name, fields })) {
    Object.defineProperty(cls, key, { value, configurable: true });
  }
  Object.defineProperty(cls, definitionKey, { value: definition });
  Object.defineProperty(cls, "extend", {
    value: function extend(this: EntityClass, subtype: unknown, fields: unknown, options?: unknown) {
      if (isRoot) {
        // It would pass for a root in every query, and act as nobody.
        throw new ValidationError({
          code: "RW_DEFINITION_TYPE",
          message: `${String(subtype)}: Root cannot be extended`,
          remedy:
            "Keep what belongs to a user in a node of a type of your own that the user's root is connected to.",
        });
      }
      return defineType({ kind, name: subtype, fields, options, base: this, parent: definition.with(this) });
    },
    configurable: true,
  });
}

function requireFields(type: string, fields: unknown): Readonly<Record<string, unknown>> {
  if (kindOf(fields) === "object") return fields as Readonly<Record<string, unknown>>;
  throw new ValidationError({
    code: "RW_DEFINITION_FIELD",
    message: `${type}: its fields are not given as an object of schemas`,
  });
}

function defineFields(
  kind: "node" | "edge",
  type: string,
  fields: Readonly<Record<string, unknown>>,
  parent: TypeDefinition | undefined,
  history: TypeHistory,
): FieldDefinition[] {
  return Object.entries(fields).map(([field, schema]) => {
    requireFieldName(kind, type, field);
    const inherited = parent?.field(field);
    if (inherited !== undefined) {
      throw new ValidationError({
        code: "RW_DEFINITION_DUPLICATE",
        message: `${type}.${field} is a field of ${inherited.declaredBy}, which ${type} extends`,
        path: [field],
      });
    }
    return defineField(type, field, schema, history.plan.keys.get(field));
  });
}

/** A field must not hide what a class that is extended has written by hand. */
function requireFreeName(type: string, field: string, base: EntityClass): void {
  if (!(field in base.prototype)) return;
  throw new ValidationError({
    code: "RW_DEFINITION_OVERRIDE",
    message: `${type}.${field} is a stored field, and would hide a member of class ${base.name}`,
    path: [field],
  });
}

/** The options as an object whose members are still unchecked. */
function readOptions(
  type: string,
  options: unknown,
): Readonly<Partial<Record<"unique" | "index" | "access" | "history", unknown>>> {
  if (options === undefined) return {};
  if (kindOf(options) !== "object") throw new TypeError(`${type}: its options are not an object`);
  for (const name of Object.keys(options as object)) {
    if (name === "unique" || name === "index" || name === "access" || name === "history") continue;
    throw new ValidationError({ code: "RW_OPTION_INVALID", message: `${type} has no option "${name}"` });
  }
  return options as object;
}

function readAccessRule(type: string, rule: unknown): AccessRule | undefined {
  if (rule === undefined) return undefined;
  if (typeof rule !== "function") throw new TypeError(`${type}: its access rule is not a function`);
  // What hides its being asynchronous in a plain function is found when it first answers.
  if (rule.constructor.name.includes("Async")) throw asyncRule(type);
  return rule as AccessRule;
}
