import { expect, it } from "vitest";
import { memory, node, openGraph } from "../src/index.ts";
import type { Store } from "../src/persistence/store.ts";

// Over a synchronous store that others share, a graph asks what they did once a turn of the event loop, and in a long
// turn every 8 ms.

class Spot extends node("Spot", {}) {}

/** A graph over such a store, in a turn that does not end, with a clock that the test moves. */
async function longTurn(): Promise<{
  /** Makes so many graph calls, each so many ms after the one before. @returns the times at which the store was asked */
  calls(count: number, ms: number): number[];
  readonly looks: number;
  end(): Promise<void>;
}> {
  let now = 0;
  let looks = 0;
  let asked: number[] = [];
  const store: Store = memory();
  const current = store.current.bind(store);
  Object.defineProperties(store, {
    supports: { value: { ...store.supports, shared: true } },
    current: {
      value: () => {
        asked.push(now);
        return current();
      },
    },
  });
  const scheduler = {
    now: () => {
      looks += 1;
      return now;
    },
    nextTurn() {},
    after: () => () => {},
  };
  const graph = await openGraph({ types: [Spot], store, scheduler });
  let finish = (): void => {};
  let make: ((count: number, ms: number) => void) | undefined;
  const unit = graph.transaction(async (tx) => {
    make = (count, ms) => {
      for (let i = 0; i < count; i++) {
        now += ms;
        tx.root.out(Spot);
      }
    };
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
  });
  return {
    calls(count, ms) {
      asked = [];
      make!(count, ms);
      return asked;
    },
    get looks() {
      return looks;
    },
    async end() {
      finish();
      await unit;
      await graph.close();
    },
  };
}

function widestGap(times: readonly number[], from: number): number {
  let widest = 0;
  let before = from;
  for (const time of times) {
    widest = Math.max(widest, time - before);
    before = time;
  }
  return widest;
}

it.each([5, 3, 1, 0.6])("calls of %s ms: every 8 ms", async (ms) => {
  const turn = await longTurn();
  const asked = turn.calls(200, ms);
  expect(asked.length).toBeGreaterThanOrEqual(Math.floor((200 * ms) / (8 + ms)));
  expect(widestGap(asked, 0)).toBeLessThanOrEqual(8 + ms);
  await turn.end();
});

it("short calls: as often, with a look at the clock at each 16th", async () => {
  const turn = await longTurn();
  const { looks } = turn;
  const asked = turn.calls(16_000, 0.01);
  expect(widestGap(asked, 0)).toBeLessThanOrEqual(8 + 0.2);
  expect(asked.length).toBeGreaterThanOrEqual(18);
  expect(turn.looks - looks).toBeLessThanOrEqual(16_000 / 16 + 8);
  await turn.end();
});

it("calls that become long are noticed after 16 of them at most", async () => {
  const turn = await longTurn();
  turn.calls(1000, 0.01);
  const asked = turn.calls(100, 4);
  expect(widestGap(asked, 10)).toBeLessThanOrEqual(16 * 4 + 8);
  expect(widestGap(asked.slice(1), asked[0]!)).toBeLessThanOrEqual(8 + 4);
  await turn.end();
});
