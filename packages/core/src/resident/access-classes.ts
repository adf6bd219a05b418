import type { AccessRecord } from "../model/access-record.ts";
import type { Id, IdColumn } from "../model/id.ts";
import { IdTable, RESIDENT } from "../model/id-table.ts";
import { levelValue } from "../model/level.ts";

/** The class of what nobody may see any more, the system root included. */
export const DEAD_CLASS = 0;

/** In a principal's table of levels: the type's own rule decides, with the record's fields at hand. */
export const BY_RULE = 4;
/** In a principal's table of levels: not worked out yet. */
export const UNKNOWN_LEVEL = 255;

/** About what a class and an owner take on the heap. */
const CLASS_BYTES = 120;
const OWNER_BYTES = 180;

/** What L1 knows of an owner root: its own access record, which is part of the check of all that it owns. */
export interface OwnerInfo {
  readonly id: Id;
  /** `undefined` until the root was read; `null` where it is not there (any more). */
  access: AccessRecord | null | undefined;
}

/** An owner and an access record: what decides about a record unless its type has a rule. */
export class AccessClass {
  readonly owner: OwnerInfo;
  readonly ownerNumber: number;
  readonly record: AccessRecord;
  readonly isRuled: boolean;
  /** Where `record` names roots: what it is found by. */
  readonly key: string | undefined;

  constructor(
    owner: OwnerInfo,
    ownerNumber: number,
    record: AccessRecord,
    isRuled: boolean,
    key: string | undefined,
  ) {
    this.owner = owner;
    this.ownerNumber = ownerNumber;
    this.record = record;
    this.isRuled = isRuled;
    this.key = key;
  }
}

/**
 * Interned pairs of owner and access record. Millions of records share a few of them, so that "may this principal see
 * that record" is one lookup in a table of bytes, made once for each principal and class.
 *
 * A number that nothing resident has is used for another class in time: `condemn` notes which those are, and `free`
 * lets them go once every unit is over that may have met one. Whoever asks for a condemned class in between saves it.
 */
export class AccessClasses {
  readonly #owners: (OwnerInfo | undefined)[] = [];
  readonly #ownerIds: IdTable = new IdTable();
  /** Owners whose root has not been read. */
  readonly #unknown: Set<number> = new Set();

  readonly #classes: (AccessClass | undefined)[] = [undefined];
  readonly #free: number[] = [];
  readonly #byKey: Map<string, number> = new Map();
  /** By owner, level and ruled: the class of a record without explicit roots, plus one. */
  #plain: Int32Array = new Int32Array(64 * 8);
  #lastOwner = -1;
  #epoch = 0;

  /** By number, 1 where it is to be freed; empty where nothing is condemned. */
  #condemned: Uint8Array = none;
  #condemnedOwners: Uint8Array = none;

  /** One more than the highest class that was ever in use. */
  get size(): number {
    return this.#classes.length;
  }

  /** Classes in use. */
  get count(): number {
    return this.#classes.length - 1 - this.#free.length;
  }

  get bytes(): number {
    return this.count * CLASS_BYTES + this.#ownerIds.size * OWNER_BYTES;
  }

  /** Changes whenever levels worked out before may no longer hold. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The class with this number; of {@link DEAD_CLASS} nothing is known. */
  at(accessClass: number): AccessClass | undefined {
    return this.#classes[accessClass];
  }

  ownerOf(accessClass: number): OwnerInfo | undefined {
    return this.#classes[accessClass]?.owner;
  }

  recordOf(accessClass: number): AccessRecord | undefined {
    return this.#classes[accessClass]?.record;
  }

  isRuled(accessClass: number): boolean {
    return this.#classes[accessClass]!.isRuled;
  }

  /** What is known of the owner with this id; `undefined` where no resident record belongs to it. */
  findOwner(a: number, b: number, c: number, d: number): OwnerInfo | undefined {
    return this.#owners[this.#ownerIds.find(a, b, c, d)];
  }

  /** The number of the owner with this id. */
  owner(a: number, b: number, c: number, d: number): number {
    const last = this.#lastOwner << 2;
    const ids = this.#ownerIds.words;
    if (last >= 0 && ids[last + 3] === d && ids[last + 2] === c && ids[last + 1] === b && ids[last] === a) {
      return this.#lastOwner;
    }
    let owner = this.#ownerIds.find(a, b, c, d);
    if (owner < 0) owner = this.#addOwner(a, b, c, d);
    else if (owner < this.#condemnedOwners.length) this.#condemnedOwners[owner] = 0;
    this.#lastOwner = owner;
    return owner;
  }

  classOf(owner: number, record: AccessRecord, ruled: boolean): number {
    const known =
      record.roots.size > 0 ? this.#keyed(owner, record, ruled) : this.#plainOf(owner, record, ruled);
    if (known < this.#condemned.length) this.#condemned[known] = 0;
    return known;
  }

  /** Appends the id of the class's owner. */
  pushOwner(ids: IdColumn, accessClass: number): void {
    this.#ownerIds.pushTo(ids, this.ownerNumber(accessClass));
  }

  /** The number of the class's owner. */
  ownerNumber(accessClass: number): number {
    return this.#classes[accessClass]?.ownerNumber ?? -1;
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
    const owner = this.#ownerIds.find(a, b, c, d);
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
      const info = this.#owners[owner];
      if (info === undefined) continue;
      info.access = undefined;
      this.#unknown.add(owner);
    }
    this.#epoch += 1;
  }

  /** Notes which numbers nothing resident has. @param used by class, 1 where something has it */
  condemn(used: Uint8Array): void {
    this.#condemned = new Uint8Array(this.#classes.length);
    this.#condemnedOwners = new Uint8Array(this.#owners.length).fill(1);
    for (let number = 1; number < this.#classes.length; number++) {
      const known = this.#classes[number];
      if (known === undefined) continue;
      if (used[number] === 1) this.#condemnedOwners[known.ownerNumber] = 0;
      else this.#condemned[number] = 1;
    }
    // The next look-up of this owner has to be seen.
    this.#lastOwner = -1;
  }

  /** Frees what is still condemned and unused. Levels that were worked out for its numbers hold no longer. */
  free(used: Uint8Array): void {
    const condemned = this.#condemned;
    const owners = this.#condemnedOwners;
    this.#condemned = none;
    this.#condemnedOwners = none;
    this.#lastOwner = -1;
    for (let number = 1; number < this.#classes.length; number++) {
      const known = this.#classes[number];
      if (known === undefined) continue;
      if (condemned[number] === 1 && used[number] !== 1) this.#remove(number, known);
      else if (known.ownerNumber < owners.length) owners[known.ownerNumber] = 0;
    }
    for (let owner = 0; owner < owners.length; owner++) {
      if (owners[owner] === 0 || this.#owners[owner] === undefined) continue;
      this.#owners[owner] = undefined;
      this.#unknown.delete(owner);
      this.#ownerIds.release(RESIDENT, owner);
    }
    this.#epoch += 1;
  }

  #remove(number: number, { ownerNumber, record, isRuled, key }: AccessClass): void {
    this.#classes[number] = undefined;
    this.#free.push(number);
    if (key === undefined) this.#plain[plainAt(ownerNumber, record, isRuled)] = 0;
    else this.#byKey.delete(key);
  }

  #addOwner(a: number, b: number, c: number, d: number): number {
    const owner = this.#ownerIds.take(RESIDENT, a, b, c, d);
    if ((owner + 1) << 3 > this.#plain.length) {
      const wider = new Int32Array(this.#plain.length * 2);
      wider.set(this.#plain);
      this.#plain = wider;
    }
    this.#owners[owner] = { id: this.#ownerIds.text(owner), access: undefined };
    this.#unknown.add(owner);
    if (owner < this.#condemnedOwners.length) this.#condemnedOwners[owner] = 0;
    return owner;
  }

  #plainOf(owner: number, record: AccessRecord, ruled: boolean): number {
    const at = plainAt(owner, record, ruled);
    const known = this.#plain[at]!;
    if (known !== 0) return known - 1;
    const made = this.#add(owner, record, ruled, undefined);
    this.#plain[at] = made + 1;
    return made;
  }

  #keyed(owner: number, record: AccessRecord, ruled: boolean): number {
    const roots = [...record.roots].sort(([left], [right]) => (left < right ? -1 : 1));
    const key = `${owner} ${ruled ? "r" : "-"} ${record.all} ${roots.map(([id, level]) => `${id}=${level}`).join(" ")}`;
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = this.#add(owner, record, ruled, key);
      this.#byKey.set(key, found);
    }
    return found;
  }

  #add(owner: number, record: AccessRecord, ruled: boolean, key: string | undefined): number {
    const number = this.#free.pop() ?? this.#classes.length;
    this.#classes[number] = new AccessClass(this.#owners[owner]!, owner, record, ruled, key);
    return number;
  }
}

const none: Uint8Array = new Uint8Array(0);

function plainAt(owner: number, record: AccessRecord, ruled: boolean): number {
  return (owner << 3) | (levelValue(record.all) << 1) | (ruled ? 1 : 0);
}
