/**
 * Laws: whatever units run at the same time, in two graphs over one store, some serial order of those that committed
 * explains what each of them saw; and the checker that says so finds the mistakes that are planted for it.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { ConflictError, edge, type Graph, type Id, node, openGraph, type Tx, via } from "../../src/index.ts";
import { awkwardBase } from "../../src/persistence/awkward-store.ts";
import { memory } from "../../src/persistence/memory-store.ts";
import type { CommitBatch, Store } from "../../src/persistence/store.ts";
import { ReadSet } from "../../src/unit/read-set.ts";
import { anomaly, type UnitRecord } from "./history.ts";

class Register extends node("Register", { name: z.string(), value: z.int().default(0) }) {}
class Hub extends node("Hub", { name: z.string() }) {}
class Leaf extends node("Leaf", { n: z.int(), group: z.int() }, { index: ["group"] }) {}
class Link extends edge("Link", { n: z.int() }, { from: Hub, to: Leaf }) {}
const types = [Register, Hub, Leaf, Link];

const PLACES = 2;
type Op = {
  readonly kind: "read" | "write" | "list" | "some" | "add" | "remove" | "group";
  readonly at: number;
};
const op = fc.record({
  kind: fc.constantFrom<Op["kind"]>("read", "write", "list", "some", "add", "remove", "group"),
  at: fc.nat(PLACES - 1),
});
const programs = fc.array(
  fc.record({ process: fc.nat(1), ops: fc.array(op, { minLength: 1, maxLength: 5 }) }),
  { minLength: 4, maxLength: 12 },
);
type Programs = readonly { readonly process: number; readonly ops: readonly Op[] }[];

interface Course {
  readonly units: UnitRecord[];
  readonly conflicts: number;
}

/** Runs the units at the same time. */
async function run(stores: readonly Store[], given: Programs, maxEntries = 10_000): Promise<Course> {
  const graphs: Graph[] = [];
  for (const store of stores)
    graphs.push(await openGraph({ types, store, attempts: 20, cache: { maxEntries } }));
  const ids = await graphs[0]!.transaction((tx) => ({
    registers: Array.from({ length: PLACES }, (_, i) => tx.create(Register, { name: `r${i}` }).id),
    hubs: Array.from({ length: PLACES }, (_, i) => tx.create(Hub, { name: `h${i}` }).id),
  }));
  let clock = 0;
  let unique = 0;
  const units: UnitRecord[] = [];
  await Promise.all(
    given.map(async ({ process, ops }, i) => {
      const at = process % graphs.length;
      const began = clock++;
      try {
        const seen = await graphs[at]!.transaction((tx) => attempt(tx, ids, ops, () => ++unique));
        units.push({ name: `U${i}`, process: at, began, ended: clock++, ...seen });
      } catch (error) {
        // Nothing else may come out of what ran at a bad time.
        if (!(error instanceof ConflictError)) throw error;
      }
    }),
  );
  const conflicts = graphs.reduce((sum, graph) => sum + graph.status().units.conflicts, 0);
  for (const graph of graphs) expect(graph.status().units.open).toBe(0);
  for (const graph of graphs) await graph.close();
  return { units, conflicts };
}

type Seen = Omit<UnitRecord, "name" | "process" | "began" | "ended">;

async function attempt(
  tx: Tx,
  ids: { readonly registers: readonly Id[]; readonly hubs: readonly Id[] },
  ops: readonly Op[],
  unique: () => number,
): Promise<Seen> {
  const seen = { reads: [], writes: [], lists: [], adds: [], removes: [] } as {
    reads: UnitRecord["reads"][number][];
    writes: UnitRecord["writes"][number][];
    lists: UnitRecord["lists"][number][];
    adds: UnitRecord["adds"][number][];
    removes: UnitRecord["removes"][number][];
  };
  const own = new Set<number>();
  const foreign = (elements: readonly number[]): number[] => elements.filter((element) => !own.has(element));
  const written = new Set<string>();
  for (const { kind, at } of ops) {
    const name = `r${at}`;
    if (kind === "read" || kind === "write") {
      const register = await tx.require(Register, ids.registers[at]!);
      if (!written.has(name)) seen.reads.push({ register: name, value: register.value });
      if (kind === "read" || written.has(name)) continue;
      const to = unique();
      seen.writes.push({ register: name, from: register.value, to });
      register.value = to;
      written.add(name);
      continue;
    }
    if (kind === "group") {
      const leaves = await tx.nodes(Leaf, { group: at }).all();
      seen.lists.push({ set: `g${at}`, elements: foreign(leaves.map(({ n }) => n)) });
      continue;
    }
    const hub = await tx.require(Hub, ids.hubs[at]!);
    if (kind === "add") {
      const n = unique();
      own.add(n);
      hub.connect(Leaf, { n, group: at }, via(Link, { n }));
      seen.adds.push({ set: `h${at}`, element: n }, { set: `g${at}`, element: n });
    } else if (kind === "list") {
      const edges = await hub.out(Link).edges().all();
      const removed = new Set(seen.removes.map(({ element }) => element));
      const elements = foreign(edges.map(({ n }) => n));
      if (removed.size === 0) seen.lists.push({ set: `h${at}`, elements });
    } else if (kind === "some") {
      // Reads no field of what it finds, and hands nothing out.
      const count = await hub.out(Leaf, { group: at }).count();
      // The count alone says nothing about which; with the list of the same moment it must agree.
      const edges = await hub.out(Link).edges().all();
      if (edges.length !== count) throw new Error("a unit saw two moments");
    } else {
      const first = (await hub.out(Link).edges().all()).find(({ n }) => !own.has(n));
      if (first === undefined) continue;
      seen.removes.push({ set: `h${at}`, element: first.n });
      first.delete();
    }
  }
  return seen;
}

function awkwardPair(seed: number): Store[] {
  const base = awkwardBase({ seed });
  return [base.connect(), base.connect()];
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("histories of concurrent units", () => {
  it("have a serial order, in two graphs over one store", async () => {
    let histories = 0;
    let contended = 0;
    await fc.assert(
      fc.asyncProperty(programs, fc.nat(1_000_000), async (given, seed) => {
        const { units, conflicts } = await run(awkwardPair(seed + 1), given);
        histories += 1;
        if (conflicts > 0) contended += 1;
        expect(anomaly(units)).toBeUndefined();
      }),
      { numRuns: 250 },
    );
    expect(contended / histories).toBeGreaterThan(0.3);
  });

  it("have a serial order where L1 holds next to nothing", async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.nat(1_000_000), async (given, seed) => {
        const { units } = await run(awkwardPair(seed + 1), given, 8);
        expect(anomaly(units)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it("have a serial order in one graph over a synchronous store", async () => {
    await fc.assert(
      fc.asyncProperty(programs, async (given) => {
        const { units } = await run([memory()], given);
        expect(anomaly(units)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });
});

/** Runs until the checker finds something. */
async function isFound(stores: (seed: number) => Store[]): Promise<boolean> {
  const samples = fc.sample(programs, { numRuns: 600, seed: 7 });
  for (const [seed, given] of samples.entries()) {
    try {
      const { units } = await run(stores(seed + 1), given);
      if (anomaly(units) !== undefined) return true;
    } catch {
      // A unit saw two moments, and with the mistake planted its error came through.
      return true;
    }
  }
  return false;
}

describe("planted mistakes are found", () => {
  it("a store that skips the check of guards", async () => {
    const careless = (store: Store): Store => {
      const commit = store.commit.bind(store);
      return Object.assign(store, {
        commit: (batches: readonly CommitBatch[]) =>
          commit(
            batches.map((batch) => ({
              ...batch,
              guards: { isEmpty: true, conflictsWith: () => false, [Symbol.iterator]: () => [].values() },
            })),
          ),
      });
    };
    expect(await isFound((seed) => awkwardPair(seed).map(careless))).toBe(true);
  });

  it("a read set that forgets hops", async () => {
    vi.spyOn(ReadSet.prototype, "addHop").mockImplementation(() => {});
    expect(await isFound(awkwardPair)).toBe(true);
  });

  it("a read set that notices nothing", async () => {
    vi.spyOn(ReadSet.prototype, "conflict").mockReturnValue(undefined);
    expect(await isFound(awkwardPair)).toBe(true);
  });

  it("a cycle of two and a read of nothing", () => {
    const none = { reads: [], writes: [], lists: [], adds: [], removes: [] };
    const unit = { process: 0, began: 0, ended: 9 };
    const skew = [
      {
        ...unit,
        ...none,
        name: "A",
        reads: [{ register: "y", value: 0 }],
        writes: [{ register: "x", from: 0, to: 1 }],
      },
      {
        ...unit,
        ...none,
        name: "B",
        reads: [{ register: "x", value: 0 }],
        writes: [{ register: "y", from: 0, to: 2 }],
      },
    ];
    expect(anomaly(skew)).toBeDefined();
    expect(anomaly([skew[0]!])).toBeUndefined();
    expect(anomaly([{ ...unit, ...none, name: "C", reads: [{ register: "x", value: 5 }] }])).toContain(
      "nobody wrote",
    );
  });
});
