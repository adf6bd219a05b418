import { GraphError } from "../errors.ts";
import { UnitConflict } from "../unit/conflict.ts";

/** Where a walk was when an error left it. */
export interface WalkPlace {
  readonly walker: string;
  /** As it was registered; undefined between handlers. */
  readonly handler: string | undefined;
  /** The location, which the principal may read, or could when the walk entered it. */
  readonly type: string | undefined;
  readonly id: string | undefined;
}

const placed: WeakSet<object> = new WeakSet();

/**
 * Adds to an error where the walk was: as the last line of its stack, and in the details of a `GraphError` as `walk`.
 * The innermost walk says it; errors that are no objects, or frozen, stay as they are.
 */
export function placeError(error: unknown, place: WalkPlace): void {
  if (!(error instanceof Error) || error instanceof UnitConflict || placed.has(error)) return;
  placed.add(error);
  if (Object.isFrozen(error)) return;
  try {
    if (typeof error.stack === "string") error.stack += `\n    in ${placeText(place)}`;
    if (error instanceof GraphError) {
      const value = { ...error.details, walk: place };
      Object.defineProperty(error, "details", { value, enumerable: true });
    }
  } catch {
    // Whatever cannot be written to says what it says.
  }
}

function placeText({ walker, handler, type, id }: WalkPlace): string {
  const what = handler ?? `walk ${walker}`;
  return id === undefined ? what : `${what} at ${type} ${id}`;
}
