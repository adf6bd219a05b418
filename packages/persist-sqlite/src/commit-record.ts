import type { Change, RecordUpdate } from "@rootwalk/core/store";
import { type Id, IdColumn } from "@rootwalk/core/store";

// What a commit did, as bytes: a version, then for each change
//
// | part | bytes |
// |---|---|
// | flags: edge (1), op (2: create, update, delete), data version there (8), access version there (16) | 1 |
// | number of the type | varint |
// | id; of an edge also its source and target | 1, or 1 + 16 |
// | data version, access version, where they are there | varint |
//
// An id is a 0 and its bytes, or says how many ids back the same one was written out, up to 8.

/** A commit of more changes is not listed: anything may have changed. */
export const mostChanges = 4_096;

const version = 1;
const window = 8;
const isEdge = 1;
const opShift = 1;
const hasData = 8;
const hasAccess = 16;
const ops = ["create", "update", "delete"] as const;
export type Op = (typeof ops)[number];
// Flags, type, three ids and two versions of up to five bytes.
const mostBytes = 1 + 5 + 3 * 17 + 10;

/** Writes the record of one commit. */
export class CommitRecordWriter {
  #bytes: Uint8Array = new Uint8Array(4_096);
  #at = 1;
  #count = 0;
  /** Words of the ids that were written out last. */
  readonly #recent: Int32Array = new Int32Array(window * 4);
  #written = 0;
  readonly #scratch: IdColumn = new IdColumn(1);

  /** @param changes how many there will be: where they will not be listed, none is written */
  begin(changes: number): void {
    this.#at = 1;
    this.#count = changes > mostChanges ? changes : 0;
    this.#written = 0;
  }

  node(
    op: Op,
    type: number,
    words: Int32Array,
    at: number,
    dataVersion: number,
    accessVersion: number,
  ): void {
    if (!this.#flags(op, 0, type, dataVersion, accessVersion)) return;
    this.#id(words, at);
    this.#versions(dataVersion, accessVersion);
  }

  edge(
    op: Op,
    type: number,
    words: Int32Array,
    at: number,
    sources: Int32Array,
    sourceAt: number,
    targets: Int32Array,
    targetAt: number,
    dataVersion: number,
    accessVersion: number,
  ): void {
    if (!this.#flags(op, isEdge, type, dataVersion, accessVersion)) return;
    this.#id(words, at);
    this.#id(sources, sourceAt);
    this.#id(targets, targetAt);
    this.#versions(dataVersion, accessVersion);
  }

  /** @param ends of an edge */
  update(update: RecordUpdate, type: number, ends: readonly [source: Id, target: Id] | undefined): void {
    const { id, data, access, remove } = update;
    const op = remove === true ? "delete" : "update";
    const dataVersion = data === undefined || remove === true ? 0 : data.expected + 1;
    const accessVersion = access === undefined || remove === true ? 0 : access.expected + 1;
    if (!this.#flags(op, ends === undefined ? 0 : isEdge, type, dataVersion, accessVersion)) return;
    for (const text of ends === undefined ? [id] : [id, ...ends]) {
      this.#scratch.clear();
      this.#scratch.push(text);
      this.#id(this.#scratch.words, 0);
    }
    this.#versions(dataVersion, accessVersion);
  }

  /** The record; null where it has become too large to be listed. */
  finish(): Uint8Array | null {
    if (this.#count > mostChanges) return null;
    this.#bytes[0] = version;
    return this.#bytes.subarray(0, this.#at);
  }

  #flags(op: Op, kind: number, type: number, dataVersion: number, accessVersion: number): boolean {
    this.#count += 1;
    if (this.#count > mostChanges) return false;
    if (this.#at + mostBytes > this.#bytes.length) {
      const wider = new Uint8Array(this.#bytes.length * 2);
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    const versions = (dataVersion === 0 ? 0 : hasData) | (accessVersion === 0 ? 0 : hasAccess);
    this.#bytes[this.#at++] = kind | (ops.indexOf(op) << opShift) | versions;
    this.#varint(type);
    return true;
  }

  #versions(dataVersion: number, accessVersion: number): void {
    if (dataVersion !== 0) this.#varint(dataVersion);
    if (accessVersion !== 0) this.#varint(accessVersion);
  }

  #id(words: Int32Array, at: number): void {
    const recent = this.#recent;
    const d = words[at + 3];
    for (let back = 1; back <= window && back <= this.#written; back++) {
      const place = ((this.#written - back) % window) << 2;
      if (recent[place + 3] !== d || recent[place + 2] !== words[at + 2]) continue;
      if (recent[place + 1] !== words[at + 1] || recent[place] !== words[at]) continue;
      this.#bytes[this.#at++] = back;
      return;
    }
    const place = (this.#written % window) << 2;
    this.#written += 1;
    this.#bytes[this.#at++] = 0;
    for (let k = 0; k < 4; k++) {
      const word = words[at + k] as number;
      recent[place + k] = word;
      this.#bytes[this.#at++] = word >>> 24;
      this.#bytes[this.#at++] = word >>> 16;
      this.#bytes[this.#at++] = word >>> 8;
      this.#bytes[this.#at++] = word;
    }
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }
}

/**
 * Reads a record.
 *
 * @returns undefined where it does not list what changed, or not in a way that this version can read: either means
 * that anything may have.
 */
export function readChanges(
  bytes: Uint8Array | null,
  typeName: (number: number) => string | undefined,
): readonly Change[] | undefined {
  if (bytes === null || bytes[0] !== version) return undefined;
  const changes: Change[] = [];
  const ids = new IdColumn();
  let at = 1;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const id = (): Id | undefined => {
    const back = bytes[at++];
    if (back !== 0) return back !== undefined && back <= ids.length ? ids.at(ids.length - back) : undefined;
    if (at + 16 > bytes.length) return undefined;
    at += 16;
    return ids.at(ids.pushBytes(bytes, at - 16));
  };
  while (at < bytes.length) {
    const flags = bytes[at++] as number;
    const op = ops[(flags >>> opShift) & 3];
    const type = typeName(varint());
    const own = id();
    const source = (flags & isEdge) === 0 ? undefined : id();
    const target = (flags & isEdge) === 0 ? undefined : id();
    const dataVersion = (flags & hasData) === 0 ? undefined : varint();
    const accessVersion = (flags & hasAccess) === 0 ? undefined : varint();
    if (op === undefined || type === undefined || own === undefined) return undefined;
    if ((flags & isEdge) !== 0 && (source === undefined || target === undefined)) return undefined;
    const kind = (flags & isEdge) === 0 ? "node" : "edge";
    changes.push({ kind, op, id: own, type, dataVersion, accessVersion, source, target });
  }
  return changes;
}
