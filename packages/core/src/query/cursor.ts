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

export function writeCursor(place: Place): string {
  const parts =
    place.kind === "order"
      ? [
          "o",
          place.id,
          place.isAbsent,
          toTaggedJson(place.value ?? null),
          ...(place.far === undefined ? [] : [place.far]),
        ]
      : [place.kind[0], place.id];
  return toBase64(new TextEncoder().encode(JSON.stringify(parts)));
}

/** @throws {ValidationError} `RW_CURSOR_INVALID` for what `page` did not give for such a query */
export function readCursor(cursor: string, kind: Place["kind"]): Place {
  try {
    const parts: unknown = JSON.parse(new TextDecoder().decode(fromBase64(cursor)));
    if (Array.isArray(parts) && parts[0] === kind[0] && isId(parts[1])) {
      if (kind !== "order") return { kind, id: parts[1] };
      return {
        kind,
        id: parts[1],
        isAbsent: parts[2] === true,
        value: parts[2] === true ? undefined : fromTaggedJson(parts[3]),
        ...(isId(parts[4]) && { far: parts[4] }),
      };
    }
  } catch {
    // Told below, whatever was wrong with it.
  }
  throw new ValidationError({ code: "RW_CURSOR_INVALID", message: "this is not a cursor of such a query" });
}
