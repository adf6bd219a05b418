import type { Id } from "./id.ts";
import type { Level } from "./level.ts";

/**
 * Who else may do what with a record. Immutable: each change gives a new one.
 * `all` holds for every principal that `roots` does not name.
 */
export interface AccessRecord {
  readonly all: Level;
  readonly roots: ReadonlyMap<Id, Level>;
}

const noRoots: ReadonlyMap<Id, Level> = new Map();

// One shared record for each level: nearly all records have no entries of their own.
const plain: Readonly<Record<Level, AccessRecord>> = {
  none: Object.freeze({ all: "none", roots: noRoots }),
  read: Object.freeze({ all: "read", roots: noRoots }),
  connect: Object.freeze({ all: "connect", roots: noRoots }),
  write: Object.freeze({ all: "write", roots: noRoots }),
};

/** What a new node starts with: nothing for anyone but its owner. */
export const newNodeAccess: AccessRecord = plain.none;

/** What a new edge starts with: visible wherever both its ends are. */
export const newEdgeAccess: AccessRecord = plain.read;

/** An access record; without entries it is one that all such records share. */
export function accessRecord(all: Level, roots: ReadonlyMap<Id, Level> = noRoots): AccessRecord {
  return roots.size === 0 ? plain[all] : Object.freeze({ all, roots });
}

/** The record with another level for everyone. */
export function withAll(access: AccessRecord, all: Level): AccessRecord {
  return access.all === all ? access : accessRecord(all, access.roots);
}

/** The record with an explicit entry for one root; `"none"` locks that root out. */
export function withRoot(access: AccessRecord, root: Id, level: Level): AccessRecord {
  if (access.roots.get(root) === level) return access;
  return accessRecord(access.all, new Map(access.roots).set(root, level));
}

/** The record without an entry for that root, which then has what everyone has. */
export function withoutRoot(access: AccessRecord, root: Id): AccessRecord {
  if (!access.roots.has(root)) return access;
  const roots = new Map(access.roots);
  roots.delete(root);
  return accessRecord(access.all, roots);
}

/** Whether two records grant the same. */
export function equalAccess(left: AccessRecord, right: AccessRecord): boolean {
  if (left === right) return true;
  if (left.all !== right.all || left.roots.size !== right.roots.size) return false;
  for (const [root, level] of left.roots) if (right.roots.get(root) !== level) return false;
  return true;
}
