import { ClosedError } from "../errors.ts";
import { openGraph } from "../graph/open-graph.ts";
import type { Id } from "../model/id.ts";
import { memory } from "../persistence/memory-store.ts";
import type { Store } from "../persistence/store.ts";
import type { Graph, OpenOptions, Session } from "../types/session.ts";
import { seededRandom } from "./seeded-random.ts";
import { lenientScheduler, skip, type TestClock, testClock } from "./test-clock.ts";

/** How far the clock is moved when a graph is opened again: its new ids then come after all that there are. */
const REOPEN_MS = 1000;

/** Options of `testGraph`. */
export interface TestGraphOptions extends Omit<OpenOptions, "store" | "clock" | "random" | "scheduler"> {
  /** Where records are kept: a store, or what makes one at each opening; in memory where nothing is said. */
  readonly store?: Store | (() => Store);
  /** What ids are made from; 0 where nothing is said. */
  readonly seed?: number;
  /**
   * A clock of your own, by which alone timers go then. Without one, those that a call waits for also fire after as long
   * in real time, so that a test ends where an app would.
   */
  readonly clock?: TestClock;
}

/** An open graph of which everything is the same in each run. */
export interface TestGraph extends Graph {
  /** The time of its ids and timers. It stands still until it is moved. */
  readonly clock: TestClock;
  /** What the user of this name can do; at its first call that succeeds the user's root is made. */
  user(name: string): Promise<Session>;
  /**
   * Closes the graph and opens another one over the same records, with the same users and the clock a second on: what
   * only L1 knew is gone.
   */
  reopen(): Promise<TestGraph>;
}

/**
 * Opens an empty graph for a test, in memory unless it is given a store. Its time stands still and its ids follow from a
 * seed, so that snapshots with ids in them are the same in each run.
 *
 * ```ts
 * const graph = await testGraph({ types });
 * const ann = await graph.user("ann");
 * await ann.spawn(createPost, { text: "hello" });
 * ```
 *
 * @throws as `openGraph`
 */
export function testGraph(options: TestGraphOptions): Promise<TestGraph> {
  const { store = memory(), seed = 0, clock: given, ...others } = options;
  const clock = given ?? testClock();
  const scheduler = given === undefined ? lenientScheduler(clock) : clock.scheduler;
  const random = seededRandom(seed);
  const users = new Map<string, Promise<Id>>();
  const open = async (): Promise<TestGraph> => {
    const graph = await openGraph({
      ...others,
      store: typeof store === "function" ? store() : store,
      clock: clock.now,
      random,
      scheduler,
    });
    const user = async (name: string): Promise<Session> => {
      let root = users.get(name);
      if (root === undefined) {
        root = graph.createRoot().then(({ id }) => id);
        users.set(name, root);
      }
      try {
        return graph.as(await root);
      } catch (error) {
        // Who could not be made is made at the next call.
        if (users.get(name) === root) users.delete(name);
        throw error;
      }
    };
    const reopen = async (): Promise<TestGraph> => {
      if (graph.status().state !== "open") throw new ClosedError({ message: "the graph is closed" });
      await graph.close();
      skip(clock, REOPEN_MS);
      return open();
    };
    return Object.defineProperties(graph, {
      clock: { value: clock },
      user: { value: user },
      reopen: { value: reopen },
    }) as TestGraph;
  };
  return open();
}
