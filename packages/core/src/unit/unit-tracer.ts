import type { RecordKind } from "../resident/change-log.ts";

/** Told what is read and written in a unit, while a walk in it is traced. Nearly no unit has one. */
export interface UnitTracer {
  read(what: string, results: number): void;
  created(kind: RecordKind, slot: number): void;
  updated(kind: RecordKind, slot: number, before: object, after: object): void;
  deleted(kind: RecordKind, slot: number): void;
  granted(kind: RecordKind, slot: number): void;
}
