import type { HistoryDescription, ShapeDescription } from "./catalog-description.ts";
import type { TypeDefinition } from "./definition.ts";
import { type KeyStep, planOfStored, type Transform } from "./history.ts";

/** A step that stored fields are taken through, with what it runs. */
export interface ReadingStep extends KeyStep {
  /** Of a transform. */
  readonly by: Transform | undefined;
}

/** How records that were stored under one shape are read by code that has another one. */
export interface Reading {
  /** What has happened to the type since, oldest first. */
  readonly steps: readonly ReadingStep[];
  /** The key of each field of the type in such a record. */
  readonly keys: readonly string[];
  /** Whether newer code wrote it than this: what this code refuses in it may yet be right. */
  readonly isNewer: boolean;
  /** Fields whose values newer code has made into others that this code does not know. */
  readonly unknown: ReadonlySet<string>;
  /** The shape under which this code stores it again; undefined where it must not. */
  readonly shape: number | undefined;
}

/**
 * @param shapes all that the store knows of the type
 * @param isInCode whether the definition is the type's own, and not that of a type that it extends
 */
export function readingOf(
  definition: TypeDefinition,
  shape: ShapeDescription | undefined,
  shapes: readonly ShapeDescription[],
  isInCode: boolean,
): Reading {
  const { keys } = definition;
  if (definition.isFromStore) {
    // Made of what is stored: each record shows what its own shape calls its fields.
    const named = new Map(shape?.fields.map(({ name, key = name }) => [name, key]));
    const own = definition.fields.map(({ name, key }) => named.get(name) ?? key);
    return { steps: [], keys: own, isNewer: false, unknown: new Set(), shape: undefined };
  }
  if (shape === undefined) return { steps: [], keys, isNewer: true, unknown: new Set(), shape: undefined };
  const steps: ReadingStep[] = [];
  const unknown = new Set<string>();
  let isNewer = false;
  let mayWrite = true;
  for (const level of lineOf(definition)) {
    const stored = stepsOf(shape.history, level.storedName);
    const { history } = level;
    for (const step of history.plan.steps) {
      if (step.at >= stored.length) steps.push({ ...step, by: history.transforms[step.at] });
    }
    if (stored.length <= history.steps.length) continue;
    isNewer = true;
    for (const step of planOfStored(stored, level.storedName).steps) {
      if (step.at < history.steps.length || step.kind !== "transform") continue;
      mayWrite = false;
      if (step.keep) continue;
      const lost = new Set(step.from.map(([, key]) => key));
      for (const field of level.fields) if (lost.has(field.key)) unknown.add(field.name);
    }
  }
  const writable = isInCode ? definition.shape : alikeFor(definition, shape, shapes);
  return { steps, keys, isNewer, unknown, shape: mayWrite ? writable : undefined };
}

/** The definition and those that it extends, base types first. */
function lineOf(definition: TypeDefinition): readonly TypeDefinition[] {
  return definition.parent === undefined ? [definition] : [...lineOf(definition.parent), definition];
}

function stepsOf(
  history: readonly HistoryDescription[] | undefined,
  type: string,
): HistoryDescription["steps"] {
  return history?.find((level) => level.type === type)?.steps ?? [];
}

/**
 * The shape of a type that is not in the code which says that a record has the steps of its base types behind it that
 * this code knows, and of its own those that it has; its own one where that says so.
 */
function alikeFor(
  definition: TypeDefinition,
  shape: ShapeDescription,
  shapes: readonly ShapeDescription[],
): number | undefined {
  const known = lineOf(definition).slice(0, -1);
  const names = new Set(known.map(({ storedName }) => storedName));
  const own = (each: ShapeDescription): string =>
    (each.history ?? [])
      .filter(({ type }) => !names.has(type))
      .map(({ type, steps }) => `${type} ${steps.length}`)
      .join();
  const fits = (each: ShapeDescription): boolean =>
    own(each) === own(shape) &&
    known.every(({ storedName, history }) => {
      const behind = stepsOf(each.history, storedName).length;
      // Steps that this code does not know and the record has behind it stay behind it.
      return behind === Math.max(history.steps.length, stepsOf(shape.history, storedName).length);
    });
  return fits(shape) ? shape.version : shapes.findLast(fits)?.version;
}
