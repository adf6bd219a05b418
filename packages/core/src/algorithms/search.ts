import { GraphError } from "../errors.ts";
import { followEach } from "../query/follow-each.ts";
import { largestPage } from "../query/neighbor-cursor.ts";
import type { HopStep } from "../query/plan.ts";
import { HopOptions, PageWanted, pushMissing, readsEdgeFields, runHop } from "../query/run-hop.ts";
import { hopOf, type Selection } from "../query/select.ts";
import type { Hop } from "../query/shape.ts";
import { BATCH, type NeighborhoodRequest } from "../resident/loader.ts";
import { NOW } from "../unit/pending.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, isPromise, type MaybePromise } from "../util/maybe-async.ts";
import type { SlotTable } from "../util/slot-table.ts";
import type { Limits } from "./options.ts";

/** What every search has: the unit that it reads in, the hops that it may follow, and how much it may take in. */
export class Search {
  readonly unit: Unit;
  readonly hops: readonly Hop[];
  readonly #steps: readonly HopStep[];
  readonly #what: string;
  readonly #limits: Limits;
  #taken = 0;

  constructor(unit: Unit, what: string, steps: readonly HopStep[], limits: Limits) {
    unit.begin();
    this.unit = unit;
    this.hops = steps.map((step) => hopOf(unit, step));
    this.#steps = steps;
    this.#what = what;
    this.#limits = limits;
  }

  /** Notes that it holds on to so many more nodes and edges. @throws {GraphError} `RW_SEARCH_LIMIT` */
  take(count: number): void {
    this.#taken += count;
    const { maxEntries } = this.#limits;
    if (this.#taken <= maxEntries) return;
    throw new GraphError({
      code: "RW_SEARCH_LIMIT",
      message: `${this.#what} has taken in ${maxEntries} nodes and edges, which is all that it may, and is not done`,
      details: { maxEntries },
    });
  }

  /**
   * Between two steps: a promise where the event loop had better turn first.
   * @throws the signal's reason
   */
  breathe(): Promise<void> | undefined {
    const { signal } = this.#limits;
    signal?.throwIfAborted();
    if (!this.unit.isSliceOver()) return undefined;
    return this.unit.pause().then(() => signal?.throwIfAborted());
  }

  /**
   * Follows a hop from each of the nodes, by the edges that lead to others than those met.
   * @throws {GraphError} `RW_SEARCH_LIMIT` where these are more edges than it may still take in: a part of them would
   * pass for all that there are, as callers do not take what they have met before
   */
  follow(
    hop: Hop,
    nodes: readonly number[],
    met: SlotTable | undefined,
    edgeFields: boolean,
  ): MaybePromise<Selection> {
    // One more than it may take in shows that there are too many.
    const most = this.#limits.maxEntries - this.#taken + 1;
    const found = this.#follow(hop, nodes, met, edgeFields, most);
    if (isPromise(found)) return found.then((selection) => this.#whole(selection, most));
    return this.#whole(found, most);
  }

  /** Follows a hop from a node by edges that were taken in before, however little it may still take in. */
  followAgain(hop: Hop, node: number): MaybePromise<Selection> {
    return this.#follow(hop, [node], undefined, false, Number.POSITIVE_INFINITY);
  }

  #follow(
    hop: Hop,
    nodes: readonly number[],
    met: SlotTable | undefined,
    edgeFields: boolean,
    most: number,
  ): MaybePromise<Selection> {
    const options = new HopOptions(true, false, most, undefined, NOW, undefined, edgeFields, met);
    return runHop(this.unit, hop, nodes, options);
  }

  #whole(selection: Selection, most: number): Selection {
    if (selection.nodes.length >= most) this.take(most);
    return selection;
  }

  /** Follows a hop from each of the nodes by itself: for each the nodes that it leads to, each once. */
  followEach(nodes: readonly number[], hop: number): MaybePromise<readonly Selection[]> {
    return followEach(this.unit, nodes, [this.#steps[hop]!], "nodes", Number.POSITIVE_INFINITY, false);
  }

  /**
   * Reads what the first of the nodes lacks of its neighbourhoods, and with it what the others lack, as far as one read
   * and L1 reach. Reads nothing where the first lacks nothing.
   */
  readAhead(nodes: Iterable<number>, edgeFields: boolean): MaybePromise<void> {
    const { resident } = this.unit.runtime;
    const most = Math.min(BATCH, Math.max(16, resident.bounds.maxEntries >> 2));
    const requests: NeighborhoodRequest[] = [];
    const asked = new Set<number>();
    for (const node of nodes) {
      if (asked.has(node)) continue;
      asked.add(node);
      for (const hop of this.hops) {
        if (requests.length > 0 && requests.length + 2 * (hop.edgeNumbers?.length ?? 1) > most) break;
        const page = new PageWanted(false, largestPage(resident), readsEdgeFields(hop, edgeFields));
        pushMissing(this.unit, hop, node, page, requests);
      }
      if (requests.length === 0 || requests.length >= most || asked.size >= most) break;
    }
    if (requests.length === 0) return;
    this.unit.noteMisses(requests.length);
    return andThen(
      this.unit.loader.neighborhoods(requests.slice(0, BATCH), () => undefined),
      () => this.unit.keepUp(),
    );
  }
}
