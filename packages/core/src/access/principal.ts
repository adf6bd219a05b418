import type { AccessRecord } from "../model/access-record.ts";
import { type Id, parseId } from "../model/id.ts";
import { type AccessClasses, BY_RULE, DEAD_CLASS, UNKNOWN_LEVEL } from "../resident/access-classes.ts";
import { type Deciding, grantedLevel, grantsAlike } from "./policy.ts";

/**
 * One root as the one who acts: what it may do with records of each access class, worked out once a class.
 *
 * Loops read `levels` directly after `refresh()`; a value of {@link BY_RULE} or {@link UNKNOWN_LEVEL} goes through
 * `level()`.
 */
export class Principal {
  readonly id: Id;
  readonly isSystem: boolean;
  /** The four words of `id`: every unit looks its principal's root up. */
  readonly words: Int32Array = new Int32Array(4);
  levels: Uint8Array = new Uint8Array(0);
  readonly #classes: AccessClasses;
  #epoch = -1;

  constructor(id: Id, isSystem: boolean, classes: AccessClasses) {
    this.id = id;
    parseId(id, this.words);
    this.isSystem = isSystem;
    this.#classes = classes;
  }

  /** Makes `levels` cover every class there is and forgets what roots' grants have changed. */
  refresh(): Uint8Array {
    const classes = this.#classes;
    if (this.#epoch !== classes.epoch) {
      this.#epoch = classes.epoch;
      this.levels = new Uint8Array(Math.max(64, classes.size * 2)).fill(UNKNOWN_LEVEL);
    } else if (this.levels.length < classes.size) {
      const wider = new Uint8Array(classes.size * 2).fill(UNKNOWN_LEVEL);
      wider.set(this.levels);
      this.levels = wider;
    }
    return this.levels;
  }

  /**
   * The level for this class, 0 to 3, or {@link BY_RULE}. The owner's root must have been read.
   * @param deciding where it is to be explained: then it is worked out again
   */
  level(accessClass: number, deciding?: Deciding): number {
    if (deciding !== undefined) return this.#work(accessClass, deciding);
    const levels = this.refresh();
    const known = levels[accessClass]!;
    if (known !== UNKNOWN_LEVEL) return known;
    const level = this.#work(accessClass);
    // What the owner's root grants is part of it: while that is not known, nothing is settled.
    const owner = this.#classes.ownerOf(accessClass);
    if (owner === undefined || owner.access !== undefined || level >= 3) levels[accessClass] = level;
    return level;
  }

  /**
   * The level by grants alone: of a record whose type's rule did not answer, or where the owner's root is seen with
   * another access record than the one committed.
   */
  levelByGrants(
    accessClass: number,
    ownerAccess: AccessRecord | null = this.#classes.ownerOf(accessClass)!.access ?? null,
    deciding?: Deciding,
  ): number {
    return grantedLevel(this.#classes.recordOf(accessClass)!, ownerAccess, this.id, deciding);
  }

  /** Whether such a change of a root's grants alters what this principal may do with what that root owns. */
  isRegranted(
    root: Id,
    before: AccessRecord | null | undefined,
    after: AccessRecord | null | undefined,
  ): boolean {
    if (this.isSystem || root === this.id) return false;
    return before === undefined || after === undefined || !grantsAlike(before, after, this.id);
  }

  #work(accessClass: number, deciding?: Deciding): number {
    if (accessClass === DEAD_CLASS) {
      if (deciding !== undefined) deciding.step = "absent";
      return 0;
    }
    if (this.isSystem) {
      if (deciding !== undefined) deciding.step = "system-root";
      return 3;
    }
    const owner = this.#classes.ownerOf(accessClass)!;
    if (owner.id === this.id) {
      if (deciding !== undefined) deciding.step = "owner";
      return 3;
    }
    if (this.#classes.isRuled(accessClass)) return BY_RULE;
    return this.levelByGrants(accessClass, undefined, deciding);
  }
}
