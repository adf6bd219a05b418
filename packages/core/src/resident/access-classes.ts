import type { AccessRecord } from "../model/access-record.ts";
import { formatId, type Id, type IdColumn } from "../model/id.ts";
import { levelValue } from "../model/level.ts";
import { IdIndex } from "./id-index.ts";

/** The class of what nobody may see any more, the system root included. */
export const DEAD_CLASS = 0;

/** In a principal's table of levels: the type's own rule decides, with the record's fields at hand. */
export const BY_RULE = 4;
/** In a principal's table of levels: not worked out yet. */
export const UNKNOWN_LEVEL = 255;

/** What L1 knows of an owner root: its own access record, which is part of the check of all that it owns. */
export interface OwnerInfo {
  readonly id: Id;
  /** `undefined` until the root was read; `null` where it is not there (any more). */
  access: AccessRecord | null | undefined;
}

/**
 * Interned pairs of owner and access record. Millions of records share a few of them, so that "may this principal see
 * that record" is one lookup in a table of bytes, made once for each principal and class.
 */
export class AccessClasses {
  readonly #owners: OwnerInfo[] = [];
  #ownerIds: Int32Array = new Int32Array(64);
  readonly #ownerIndex: IdIndex = new IdIndex(this.#ownerIds);
  /** Owners whose root has not been read. */
  readonly #unknown: Set<number> = new Set();

  readonly #classOwners: number[] = [-1];
  readonly #classRecords: (AccessRecord | undefined)[] = [undefined];
  readonly #classRuled: boolean[] = [false];
  readonly #byKey: Map<string, number> = new Map();
  /** By owner, level and ruled: the class of a record without explicit roots, plus one. */
  #plain: Int32Array = new Int32Array(64 * 8);
  #lastOwner = -1;
  #epoch = 0;

  /** One more than the highest class in use. */
  get size(): number {
    return this.#classOwners.length;
  }

  /** Changes whenever levels worked out before may no longer hold. */
  get epoch(): number {
    return this.#epoch;
  }

  get owners(): readonly OwnerInfo[] {
    return this.#owners;
  }

  ownerOf(accessClass: number): OwnerInfo | undefined {
    return this.#owners[this.#classOwners[accessClass]!];
  }

  recordOf(accessClass: number): AccessRecord | undefined {
    return this.#classRecords[accessClass];
  }

  isRuled(accessClass: number): boolean {
    return this.#classRuled[accessClass]!;
  }

  /** The number of the owner with this id, -1 where no resident record belongs to it. */
  findOwner(a: number, b: number, c: number, d: number): number {
    return this.#ownerIndex.find(a, b, c, d);
  }

  owner(a: number, b: number, c: number, d: number): number {
    const last = this.#lastOwner << 2;
    const ids = this.#ownerIds;
    if (last >= 0 && ids[last + 3] === d && ids[last + 2] === c && ids[last + 1] === b && ids[last] === a) {
      return this.#lastOwner;
    }
    let owner = this.#ownerIndex.find(a, b, c, d);
    if (owner < 0) owner = this.#addOwner(a, b, c, d);
    this.#lastOwner = owner;
    return owner;
  }

  classOf(owner: number, record: AccessRecord, ruled: boolean): number {
    if (record.roots.size > 0) return this.#keyed(owner, record, ruled);
    const at = (owner << 3) | (levelValue(record.all) << 1) | (ruled ? 1 : 0);
    const known = this.#plain[at]!;
    if (known !== 0) return known - 1;
    const made = this.#add(owner, record, ruled);
    this.#plain[at] = made + 1;
    return made;
  }

  /** Appends the id of the class's owner. */
  pushOwner(ids: IdColumn, accessClass: number): void {
    const at = this.#classOwners[accessClass]! << 2;
    const words = this.#ownerIds;
    ids.pushWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /** The number of the class's owner. */
  ownerNumber(accessClass: number): number {
    return this.#classOwners[accessClass]!;
  }

  /** The owners whose roots must be read before anything of theirs can be judged. */
  takeUnknown(): Id[] {
    return [...this.#unknown].map((owner) => this.#owners[owner]!.id);
  }

  get hasUnknown(): boolean {
    return this.#unknown.size > 0;
  }

  /** Tells what a root's access record is now; `null` where there is no such root. */
  setOwnerAccess(a: number, b: number, c: number, d: number, access: AccessRecord | null): void {
    const owner = this.#ownerIndex.find(a, b, c, d);
    if (owner < 0) return;
    this.#unknown.delete(owner);
    const info = this.#owners[owner]!;
    if (info.access === access) return;
    // What was not known had not been judged by, so learning it changes no verdict.
    if (info.access !== undefined) this.#epoch += 1;
    info.access = access;
  }

  /** Forgets what is known of every root; each is read again before it is judged by. */
  forgetOwners(): void {
    for (let owner = 0; owner < this.#owners.length; owner++) {
      this.#owners[owner]!.access = undefined;
      this.#unknown.add(owner);
    }
    this.#epoch += 1;
  }

  #addOwner(a: number, b: number, c: number, d: number): number {
    const owner = this.#owners.length;
    if ((owner + 1) << 2 > this.#ownerIds.length) {
      const wider = new Int32Array(this.#ownerIds.length * 2);
      wider.set(this.#ownerIds);
      this.#ownerIds = wider;
      this.#ownerIndex.ids = wider;
    }
    if ((owner + 1) << 3 > this.#plain.length) {
      const wider = new Int32Array(this.#plain.length * 2);
      wider.set(this.#plain);
      this.#plain = wider;
    }
    this.#ownerIds.set([a, b, c, d], owner << 2);
    this.#ownerIndex.add(owner);
    this.#owners.push({ id: formatId(a, b, c, d), access: undefined });
    this.#unknown.add(owner);
    return owner;
  }

  #keyed(owner: number, record: AccessRecord, ruled: boolean): number {
    const roots = [...record.roots].sort(([left], [right]) => (left < right ? -1 : 1));
    const key = `${owner} ${ruled ? "r" : "-"} ${record.all} ${roots.map(([id, level]) => `${id}=${level}`).join(" ")}`;
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = this.#add(owner, record, ruled);
      this.#byKey.set(key, found);
    }
    return found;
  }

  #add(owner: number, record: AccessRecord, ruled: boolean): number {
    this.#classOwners.push(owner);
    this.#classRecords.push(record);
    this.#classRuled.push(ruled);
    return this.#classOwners.length - 1;
  }
}
