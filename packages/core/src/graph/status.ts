import type { Store } from "../persistence/store.ts";
import type { GraphStatus, TierStatus } from "../types/session.ts";
import type { Runtime } from "../unit/runtime.ts";
import { printAs } from "../util/print-as.ts";

/** The figures as they are now, and a small table of them wherever text is wanted. */
class Status implements GraphStatus {
  readonly state: GraphStatus["state"];
  readonly tiers: readonly TierStatus[];
  readonly store: GraphStatus["store"];
  readonly cache: GraphStatus["cache"];
  readonly units: GraphStatus["units"];
  readonly quarantined: number;

  constructor({ store, resident, counts }: Runtime, state: GraphStatus["state"]) {
    this.state = state;
    this.tiers = [
      { tier: "L1", name: "memory of this process", without: [] },
      { tier: "store", name: store.name, without: missing(store) },
    ];
    this.store = { name: store.name, supports: store.supports, counters: { ...store.counters } };
    this.cache = {
      ...resident.statistics,
      nodes: resident.nodes.size,
      edges: resident.edges.size,
      bytes: resident.bytes,
      bounds: resident.bounds,
    };
    this.units = { open: resident.openUnits, ...counts };
    this.quarantined = resident.quarantine.size;
  }

  toString(): string {
    const { cache, units, store, quarantined } = this;
    const { counters } = store;
    const { maxEntries, maxBytes } = cache.bounds;
    const rows: [string, string][] = [
      ["graph", `${this.state}, ${count(quarantined, "record")} quarantined`],
      [
        "units",
        `${units.open} open, ${count(units.commits, "commit")}, ${count(units.conflicts, "conflict")}, ${count(units.replays, "replay")}, ${units.lost} lost`,
      ],
      [
        "L1",
        `${count(cache.nodes, "node")}, ${count(cache.edges, "edge")}, ${mebibytes(cache.bytes)} (at most ${maxEntries} records, ${mebibytes(maxBytes)})`,
      ],
      [
        "",
        `${count(cache.hits, "hit")}, ${cache.misses} ${cache.misses === 1 ? "miss" : "misses"}, ${count(cache.evictions, "eviction")}`,
      ],
      [
        "store",
        `${store.name}: ${count(counters.statements, "statement")}, ${count(counters.rowsRead, "row")} read, ${counters.rowsWritten} written, ${count(counters.transactions, "transaction")}, ${count(counters.syncs, "sync")}`,
      ],
    ];
    for (const { without } of this.tiers) for (const lack of without) rows.push(["", lack]);
    return rows.map(([name, text]) => `${name.padEnd(7)}${text}`).join("\n");
  }
}

printAs(Status);

export function statusOf(runtime: Runtime, state: GraphStatus["state"]): GraphStatus {
  return new Status(runtime, state);
}

/** What core does without, and what that comes to. */
function missing(store: Store): string[] {
  const { durable, shared, synchronous } = store.supports;
  const lacks: string[] = [];
  if (!durable) lacks.push("not durable: what is committed ends with this process");
  if (!shared) lacks.push("not shared: no other process may commit to it");
  if (!synchronous) lacks.push("answers later: a read of what is not in L1 waits for it");
  if (store.tally === undefined) lacks.push("does not count: a count reads every record");
  if (shared && store.lease === undefined)
    lacks.push("has no lease: a unit's last attempt may lose to another process too");
  return lacks;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
