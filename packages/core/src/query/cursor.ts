import { ValidationError } from "../errors.ts";
import { type Id, isId } from "../model/id.ts";
import { fromTaggedJson, toTaggedJson } from "../model/tagged-json.ts";
import { fromBase64, toBase64 } from "../util/base64.ts";

/**
 * Where a page ended: after an edge, after a node (by id), or after a node with this key in the query's order
 * (of pairs: after an edge with it, that leads to the node `far`).
 * Ids and values alone, so it stays good whatever is deleted, evicted or restarted meanwhile.
 */
export type Place =
  | { readonly kind: "edge"; readonly id: Id }
  | { readonly kind: "node"; readonly id: Id }
  | {
      readonly kind: "order";
      readonly value: unknown;
      readonly isAbsent: boolean;
      readonly id: Id;
      readonly far?: Id;
    };

/** @param query tells the query that the place is in from others; see `queryText` */
export function writeCursor(place: Place, query: string): string {
  const parts =
    place.kind === "order"
      ? [
          "o",
          digest(query),
          place.id,
          place.isAbsent,
          toTaggedJson(place.value ?? null),
          ...(place.far === undefined ? [] : [place.far]),
        ]
      : [place.kind[0], digest(query), place.id];
  return toBase64(new TextEncoder().encode(JSON.stringify(parts)));
}

/** @throws {ValidationError} `RW_CURSOR_INVALID` for what `page` did not give for such a query */
export function readCursor(cursor: string, kind: Place["kind"]): Place {
  const parts = partsOf(cursor);
  if (parts === undefined || parts[0] !== kind[0]) throw invalidCursor();
  const id = parts[2] as Id;
  if (kind !== "order") return { kind, id };
  try {
    return {
      kind,
      id,
      isAbsent: parts[3] === true,
      value: parts[3] === true ? undefined : fromTaggedJson(parts[4]),
      ...(isId(parts[5]) && { far: parts[5] }),
    };
  } catch {
    throw invalidCursor();
  }
}

/** @throws {ValidationError} `RW_CURSOR_INVALID` for a cursor of another query */
export function requireCursorOf(cursor: string, query: string): void {
  if (partsOf(cursor)?.[1] !== digest(query)) throw invalidCursor();
}

function partsOf(cursor: string): readonly unknown[] | undefined {
  try {
    const parts: unknown = JSON.parse(new TextDecoder().decode(fromBase64(cursor)));
    if (Array.isArray(parts) && isId(parts[2])) return parts;
  } catch {
    // Told by whoever asked.
  }
  return undefined;
}

function invalidCursor(): ValidationError {
  return new ValidationError({
    code: "RW_CURSOR_INVALID",
    message: "this is not a cursor that page() gave for this query",
  });
}

/** FNV-1a in 32 bits: enough to tell a cursor of another query, which is a mistake and no attack. */
function digest(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
