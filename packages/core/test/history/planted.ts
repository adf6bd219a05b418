import { vi } from "vitest";
import { CommitUnknownError } from "../../src/index.ts";
import type { Token } from "../../src/persistence/change.ts";
import { NodeIndex } from "../../src/persistence/memory/node-index.ts";
import type { ChangePage, Store } from "../../src/persistence/store.ts";
import { ACCESS, type AppliedChange, ChangeLog, EDGE, NODE, REMOVED } from "../../src/resident/change-log.ts";
import { Follower } from "../../src/resident/follower.ts";
import { ResidentGraph } from "../../src/resident/resident-graph.ts";
import { Committer } from "../../src/unit/committer.ts";
import { Pending } from "../../src/unit/pending.ts";
import { ReadSet } from "../../src/unit/read-set.ts";
import { Unit } from "../../src/unit/unit.ts";
import type { OperationKind } from "./operations.ts";
import { awkward, forgetful, inMemory, inMemoryFromAfar, instead, wrapped } from "./places.ts";
import type { Place } from "./play.ts";

/** A mistake, where it is made, and as what the checker must find it. */
export interface Planted {
  readonly mistake: string;
  readonly place: Place;
  /** The same place without it, where it is in the store. */
  readonly without?: Place;
  /** Makes it, until `vi.restoreAllMocks`. */
  readonly plant?: () => void;
  /** What the units do, where it takes too many histories of everything to come upon it. */
  readonly kinds?: readonly OperationKind[];
  /** What the first line of what is found begins with. */
  readonly foundAs: RegExp;
}

/** A method that does something else, with the one that it was at hand. */
function replace<T extends object, K extends keyof T & string>(
  prototype: T,
  name: K,
  instead: (
    this: T,
    original: Extract<T[K], (...given: never[]) => unknown>,
    ...given: Parameters<Extract<T[K], (...given: never[]) => unknown>>
  ) => ReturnType<Extract<T[K], (...given: never[]) => unknown>>,
): void {
  const original = prototype[name] as Extract<T[K], (...given: never[]) => unknown>;
  vi.spyOn(prototype, name as never).mockImplementation(function (this: T, ...given: never[]) {
    return instead.call(this, original, ...(given as Parameters<typeof original>)) as never;
  } as never);
}

function unguarded(store: Store): Store {
  return instead(store, {
    commit: (batches) =>
      store.commit(
        batches.map((batch) => ({
          ...batch,
          guards: { isEmpty: true, conflictsWith: () => false, [Symbol.iterator]: () => [].values() },
        })),
      ),
  });
}

/** The change feed, told otherwise. */
function misled(store: Store, tell: (page: ChangePage) => ChangePage): Store {
  return instead(store, {
    async changes(since: Token) {
      const page = await store.changes(since);
      return page === "lost" ? page : tell(page);
    },
  });
}

/** One wrong answer to whether what a unit has read still holds. */
function judging(wrongly: (change: AppliedChange) => AppliedChange | undefined): void {
  replace(ReadSet.prototype, "conflict", function (original, change, window) {
    const seen = wrongly(change);
    return seen === undefined ? undefined : original.call(this, seen, window);
  });
}

const search = /^G(-single|2)-predicate/;
const item = /^(G-single|G2-item|lost update)/;
const either = /^(G-single|G2|lost update)/;

export const planted: readonly Planted[] = [
  {
    mistake: "the store does not check the guards of a commit",
    place: wrapped(awkward, unguarded),
    without: awkward,
    kinds: ["read hub", "write hub"],
    foundAs: /^G2-item/,
  },
  {
    mistake: "the version of a record's fields does not join the read set when they are read",
    place: inMemory,
    plant: () =>
      replace(Unit.prototype, "held", function (original, kind, slot) {
        return Math.min(1, original.call(this, kind, slot)) as 0 | 1;
      }),
    foundAs: item,
  },
  {
    mistake: "that a record which was handed out is there is not guarded",
    place: inMemory,
    plant: () => judging((change) => ((change.op & REMOVED) !== 0 ? undefined : change)),
    foundAs: either,
  },
  {
    mistake: "neighbourhoods are not guarded",
    place: inMemory,
    plant: () => replace(ReadSet.prototype, "addHop", () => {}),
    kinds: ["neighbours of a group", "count neighbours", "list links", "connect", "link", "write hub"],
    foundAs: search,
  },
  {
    mistake: "indexes and scans are not guarded",
    place: inMemory,
    plant: () => replace(ReadSet.prototype, "addExtent", () => {}),
    foundAs: search,
  },
  {
    mistake: "that an id was absent is not guarded",
    place: inMemoryFromAfar,
    plant: () => replace(ReadSet.prototype, "addAbsent", () => {}),
    kinds: ["newest leaf by id", "create with a key", "connect", "write hub"],
    foundAs: search,
  },
  {
    mistake: "fields that rows show are not guarded",
    place: inMemory,
    plant: () => replace(ReadSet.prototype, "addFields", () => ({ count: 0 })),
    kinds: ["rows of a group", "read hub", "write leaf", "write hub"],
    foundAs: item,
  },
  {
    mistake: "that the far end of an edge is there is not guarded",
    place: inMemory,
    plant: () => {
      let ignores = false;
      const hops = Object.getOwnPropertyDescriptor(ReadSet.prototype, "hops")!.get!;
      vi.spyOn(ReadSet.prototype, "hops", "get").mockImplementation(function (this: ReadSet) {
        return ignores ? [] : hops.call(this);
      } as never);
      replace(ReadSet.prototype, "conflict", function (original, change, window) {
        ignores = change.kind === NODE && (change.op & REMOVED) !== 0;
        try {
          return original.call(this, change, window);
        } finally {
          ignores = false;
        }
      });
    },
    kinds: ["neighbours of a group", "count neighbours", "read hub", "delete leaf", "write hub"],
    foundAs: search,
  },
  {
    mistake: "a change of who may see a record ends no unit that depends on it",
    place: inMemory,
    plant: () => judging((change) => ({ ...change, op: change.op & ~ACCESS })),
    kinds: ["neighbours", "scan leaves", "read hub", "open or close", "write hub"],
    foundAs: either,
  },
  {
    mistake: "the guard of a limit ends before the last record that was read",
    place: inMemory,
    plant: () =>
      replace(ReadSet.prototype, "conflict", function (original, change, window) {
        const { kind, op, slot } = change;
        const isLast = this.hops.some(({ boundary }) => boundary?.edge === slot);
        return kind === EDGE && (op & REMOVED) !== 0 && isLast
          ? undefined
          : original.call(this, change, window);
      }),
    kinds: ["oldest links", "unlink", "write hub"],
    foundAs: search,
  },
  {
    mistake: "a commit is published before the store has it",
    place: inMemoryFromAfar,
    plant: () => {
      let resident: ResidentGraph;
      const published = new WeakSet<object>();
      replace(ResidentGraph.prototype, "enter", function (original, unit) {
        resident = this;
        original.call(this, unit);
      });
      replace(ResidentGraph.prototype, "advance", function (original, changes, token, began) {
        original.call(this, published.has(changes) ? [] : changes, token, began);
      });
      replace(Follower.prototype, "expect", function (original, unitId, changes, began) {
        original.call(this, unitId, changes, began);
        if (published.has(changes)) return;
        resident.advance(changes, resident.token, began);
        published.add(changes);
      });
    },
    kinds: ["read hub", "create with a key", "write hub"],
    foundAs: /^G1a/,
  },
  {
    mistake: "a unit forgets what it has deleted",
    place: inMemory,
    plant: () =>
      replace(Pending.prototype, "at", function (original, records, slot, mark) {
        const record = original.call(this, records, slot, mark);
        return record === undefined ? undefined : { ...record, removed: false };
      }),
    kinds: ["list links", "get leaf", "unlink", "write hub"],
    foundAs: /^internal: U\d.* (found|left)/,
  },
  {
    mistake: "a unit's searches forget what it has connected",
    place: inMemory,
    plant: () => replace(Pending.prototype, "edgesAt", () => []),
    foundAs: /^internal: U\d.* did not find|^an edge that was just made is not there/,
  },
  {
    mistake: "a unit's searches by an index forget what it has created",
    place: inMemory,
    plant: () => replace(Pending.prototype, "nodesWithKey", () => []),
    foundAs: /^internal: U\d.* did not find/,
  },
  {
    mistake: "a replay goes on with what the lost attempt has written",
    place: inMemory,
    plant: () => {
      let kept: Pending | undefined;
      replace(Unit.prototype, "close", function (original, isKept) {
        if (!isKept && this.conflict !== undefined) kept = this.pending;
        original.call(this, isKept || this.conflict !== undefined);
      });
      replace(Unit.prototype, "begin", function (original) {
        original.call(this);
        if (kept === undefined || this.pending !== undefined) return;
        this.pending = kept;
        kept = undefined;
      });
    },
    kinds: ["read hub", "read leaf", "write hub", "write leaf"],
    foundAs: /^(G1a|internal|lost update)/,
  },
  {
    mistake: "L1 does not hear what another process commits",
    without: awkward,
    place: wrapped(awkward, (store) =>
      misled(store, (page) => ({ ...page, commits: page.commits.map((each) => ({ ...each, changes: [] })) })),
    ),
    foundAs: either,
  },
  {
    mistake: "L1 follows half of another process's commit",
    without: awkward,
    place: wrapped(awkward, (store) =>
      misled(store, (page) => ({
        ...page,
        commits: page.commits.map((each) => ({
          ...each,
          changes: each.changes?.slice(0, Math.ceil(each.changes.length / 2)),
        })),
      })),
    ),
    foundAs: either,
  },
  {
    mistake: "an answer that is older than L1 is taken in all the same",
    place: inMemoryFromAfar,
    plant: () => replace(ChangeLog.prototype, "sinceToken", () => []),
    foundAs: /^(G|internal|lost update)/,
  },
  {
    mistake: "units that only read are not validated",
    place: inMemory,
    plant: () =>
      replace(Unit.prototype, "validate", function (original) {
        if (this.pending === undefined) this.position = this.runtime.resident.log.end;
        else original.call(this);
      }),
    foundAs: either,
  },
  {
    mistake: "of units that commit together nobody asks whether they depend on each other",
    place: inMemory,
    plant: () => replace(Unit.prototype, "mayDependOn", () => false),
    kinds: ["read hub", "write hub"],
    foundAs: /^G2-item/,
  },
  {
    mistake: "a commit of unknown outcome is taken for one that did not land",
    place: forgetful,
    plant: () =>
      replace(Committer.prototype, "commit", function (original, unit) {
        const landed = original.call(this, unit);
        return Promise.resolve(landed).catch((error: unknown) => {
          throw error instanceof CommitUnknownError ? unit.failOn("commit") : error;
        });
      }),
    foundAs: /^G1a/,
  },
  {
    mistake:
      "units are not validated between their calls, and the error of one that saw two moments is the user's",
    place: inMemory,
    plant: () => {
      vi.spyOn(Unit.prototype, "validate").mockImplementation(() => {});
      vi.spyOn(Unit.prototype, "holds").mockReturnValue(true);
    },
    kinds: ["compare twins", "write twins"],
    foundAs: /^twins that are always equal/,
  },
  {
    mistake: "nobody looks whether a unique key is taken",
    place: inMemory,
    plant: () => replace(NodeIndex.prototype, "isTaken", () => false),
    foundAs: search,
  },
  {
    mistake: "open units are not told of what others of the process commit",
    place: inMemory,
    plant: () => replace(ChangeLog.prototype, "add", () => {}),
    foundAs: either,
  },
];
