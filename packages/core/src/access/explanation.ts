import type { Id } from "../model/id.ts";
import type { Level } from "../model/level.ts";
import type { AccessExplanation, AccessStep, AskedLevel } from "../types/access.ts";
import { printAs } from "../util/print-as.ts";

/** What an explanation is made of; the sentences are added here. */
export interface Explained {
  readonly principal: Id;
  readonly isSystem: boolean;
  readonly record: Id;
  /** `undefined` where nothing is told about the record. */
  readonly type: string | undefined;
  readonly level: Level;
  readonly required: AskedLevel;
  readonly allowed: boolean;
  readonly step: AccessStep;
  readonly ends: AccessExplanation["ends"];
}

const deeds: Readonly<Record<AskedLevel, string>> = Object.freeze({
  read: "read",
  connect: "connect edges to",
  write: "write to",
});

/** Frozen, made of plain data, and a sentence wherever text is wanted. */
class Explanation implements AccessExplanation {
  readonly allowed: boolean;
  readonly level: Level;
  readonly required: AskedLevel;
  readonly step: AccessStep;
  readonly because: string;
  readonly principal: Id;
  readonly record: Id;
  readonly type: string | undefined;
  readonly ends: AccessExplanation["ends"];
  readonly #sentence: string;

  constructor(from: Explained) {
    this.allowed = from.allowed;
    this.level = from.level;
    this.required = from.required;
    this.step = from.step;
    this.because = reason(from);
    this.principal = from.principal;
    this.record = from.record;
    this.type = from.type;
    this.ends = from.ends;
    const who = from.isSystem ? "the system root" : `root ${from.principal}`;
    const what = from.type === undefined ? from.record : `${from.type} ${from.record}`;
    this.#sentence = `${who} may ${from.allowed ? "" : "not "}${deeds[from.required]} ${what}: ${this.because}`;
    Object.freeze(this);
  }

  toString(): string {
    return this.#sentence;
  }
}

printAs(Explanation);

export function explanation(from: Explained): AccessExplanation {
  return new Explanation(from);
}

function reason({ step, type, level, ends }: Explained): string {
  switch (step) {
    case "hidden":
      return "there is no such record, or not for it to read";
    case "absent":
      return "there is no such record";
    case "system-root":
      return "the system root may do everything";
    case "owner":
      return "it owns the record";
    case "created-here":
      return "the record was created in this unit of work";
    case "rule":
      return `the access rule of ${type} says "${level}"`;
    case "unreadable-fields":
      return `the fields of the record cannot be read, so the access rule of ${type} has nothing to judge by`;
    case "owner-deleted":
      return "the root that owned the record was deleted";
    case "record-entry":
      return `the record has an entry for it, which says "${level}"`;
    case "owner-entry":
      return `the owner's root has an entry for it, which says "${level}"`;
    case "record-all":
      return level === "none"
        ? "neither the record nor its owner's root grants it anything"
        : `the record says "${level}" for everyone`;
    case "owner-all":
      return `the owner's root says "${level}" for everyone`;
    case "end": {
      const end = ends!.source.allowed ? "target" : "source";
      const { type: endType, record, because } = ends![end];
      return `its ${end}, ${endType} ${record}, may not be read: ${because}`;
    }
  }
}
