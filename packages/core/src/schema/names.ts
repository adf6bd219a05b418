import { ValidationError } from "../errors.ts";
import { EdgeEntity, NodeEntity } from "./entity.ts";

const maxNameLength = 64;
const identifier = /^[\p{L}_][\p{L}\p{N}_]*$/u;

// What JavaScript itself gives a meaning to, on objects (`valueOf`, `constructor`, …) or on promises.
const unsafeNames: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  "prototype",
  "then",
]);

const builtInTypes: ReadonlySet<string> = new Set(["Root", "Node", "Edge"]);

function refuse(where: string, name: unknown, reason: string): never {
  const shown = typeof name === "string" ? JSON.stringify(name) : typeof name;
  throw new ValidationError({
    code: "RW_DEFINITION_NAME",
    message: `${where}: ${shown} ${reason}`,
    path: typeof name === "string" ? [name] : [],
  });
}

/** What every name of a definition must be: it becomes a key in every store. */
export function requireName(where: string, name: unknown): asserts name is string {
  if (typeof name !== "string") refuse(where, name, "is not a name");
  if (/^(\$|__)/.test(name)) refuse(where, name, "starts with $ or __, which are reserved");
  if (unsafeNames.has(name)) refuse(where, name, "is unsafe as a name");
  if (!identifier.test(name)) refuse(where, name, "is not an identifier");
  if (name.length > maxNameLength) refuse(where, name, `is longer than ${maxNameLength} characters`);
}

/** @throws {ValidationError} `RW_DEFINITION_NAME` */
export function requireTypeName(kind: "node" | "edge", name: unknown): asserts name is string {
  requireName(`${kind}(…)`, name);
  if (builtInTypes.has(name)) refuse(`${kind}(…)`, name, "is the name of a built-in type");
}

/** @throws {ValidationError} `RW_DEFINITION_NAME` */
export function requireFieldName(kind: "node" | "edge", type: string, name: string): void {
  requireName(type, name);
  const members: object = kind === "node" ? NodeEntity.prototype : EdgeEntity.prototype;
  if (name in members) refuse(type, name, `is a member of every ${kind}`);
}
