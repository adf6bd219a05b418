import type { Id } from "../model/id.ts";
import type { Finding, FindingKind } from "../types/check.ts";
import type { Look } from "./look.ts";

/** Something that looked wrong, and how to look again: nothing is reported that does not hold at one moment. */
export interface Suspect {
  readonly kind: FindingKind;
  readonly record: "node" | "edge";
  readonly id: Id;
  readonly type: string;
  readonly index?: string | undefined;
  /** Tells it from other suspicions about the same record, of the same kind. */
  readonly part?: string;
  /** What is wrong, in words that follow the record's type and id; `undefined` where nothing is. */
  look(look: Look): Promise<Wrong | undefined>;
}

export interface Wrong {
  readonly message: string;
  readonly others?: readonly Id[];
  /** Why no repair is possible. */
  readonly beyondRepair?: string;
}

/** One name for each suspicion: passes that meet the same twice look into it once. */
export function nameOf({ kind, id, index, part }: Suspect): string {
  return `${kind} ${id} ${index ?? ""} ${part ?? ""}`;
}

export function findingOf(suspect: Suspect, { message, others = [] }: Wrong): Finding {
  const { kind, record, id, type, index } = suspect;
  return Object.freeze({
    kind,
    record,
    id,
    type,
    ...(index !== undefined && { index }),
    others: Object.freeze([...others]),
    message: `${type} ${id}: ${message}`,
  });
}
