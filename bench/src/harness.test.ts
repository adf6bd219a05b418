import { describe, expect, test } from "vitest";
import { measure, type RowFacts } from "./harness.ts";
import { repeated, type Side } from "./sample.ts";

const speedup: RowFacts = {
  id: "P0",
  what: "nothing",
  peerName: "nobody",
  compare: "speedup",
  unit: "µs",
  floor: 2,
  target: 3,
  rounds: 5,
};

/** A side that costs what it is told, round by round; the warm-up costs a fortune. */
function costing(...costs: number[]): Side {
  return (round) => ({ cost: costs[round - 1] ?? 1_000_000, answer: 42 });
}

describe("a speedup", () => {
  test("is the peer's cost over ours, and passes at its floor", async () => {
    const result = await measure(speedup, { ours: costing(2, 2, 2, 2, 2), peer: costing(4, 4, 4, 4, 4) });
    expect(result).toMatchObject({ ours: 2, peer: 4, ratio: 2, interval: { low: 2, high: 2 }, pass: true });
  });

  test("fails when the whole interval lies below the floor", async () => {
    const result = await measure(speedup, {
      ours: costing(1, 1, 1, 1, 1),
      peer: costing(1.8, 1.9, 1.5, 1.9, 1.9),
    });
    expect(result).toMatchObject({ ratio: 1.9, interval: { low: 1.5, high: 1.9 }, pass: false });
  });

  test("does not fail on some bad rounds", async () => {
    const result = await measure(speedup, {
      ours: costing(1, 1, 1, 1, 1),
      peer: costing(1.2, 1.1, 1.3, 2.1, 1.2),
    });
    expect(result).toMatchObject({ ratio: 1.2, pass: true });
  });

  test("pairs the rounds: what slows both sides down changes no ratio", async () => {
    const result = await measure(speedup, { ours: costing(1, 9, 1, 5, 1), peer: costing(3, 27, 3, 15, 3) });
    expect(result).toMatchObject({ ratio: 3, interval: { low: 3, high: 3 } });
  });
});

test("a cost is ours over the peer's, at most the floor", async () => {
  const cost: RowFacts = { ...speedup, compare: "cost", floor: 1.5 };
  const sides = (ours: number) => ({
    ours: costing(...Array(5).fill(ours)),
    peer: costing(10, 10, 10, 10, 10),
  });
  expect(await measure(cost, sides(12))).toMatchObject({ ratio: 1.2, pass: true });
  expect(await measure(cost, sides(16))).toMatchObject({ ratio: 1.6, pass: false });
});

test("an absolute row has no peer and is held against its own figure", async () => {
  const { peerName: _, ...facts } = speedup;
  const absolute: RowFacts = { ...facts, compare: "absolute", floor: 60 };
  expect(await measure(absolute, { ours: costing(50, 70, 50, 50, 50) })).toMatchObject({
    ours: 50,
    pass: true,
  });
  expect(await measure(absolute, { ours: costing(70, 70, 70, 70, 70) })).toMatchObject({
    ours: 70,
    pass: false,
  });
});

describe("answers", () => {
  test("that differ fail the row before anything is timed", async () => {
    const rounds: number[] = [];
    const result = await measure(speedup, {
      ours: (round) => {
        rounds.push(round);
        return { cost: 1, answer: [1, 2] };
      },
      peer: () => ({ cost: 9, answer: [1, 3] }),
    });
    expect(result).toMatchObject({
      pass: false,
      reason: "the answers differ in round 0: [1,2] is not the peer's [1,3]",
    });
    expect(rounds).toEqual([0]);
  });

  test("are compared in every round, by what both sides can agree on", async () => {
    const side =
      (id: string): Side =>
      (round) => ({ cost: 1, answer: { id, round: round === 3 ? id : round } });
    const comparable = (answer: unknown) => (answer as { round: unknown }).round;
    const result = await measure(speedup, { ours: side("a"), peer: side("b"), comparable });
    expect(result.reason).toContain("round 3");
  });
});

test("the sides take turns in going first", async () => {
  const order: string[] = [];
  const side =
    (name: string): Side =>
    (round) => {
      order.push(`${name}${round}`);
      return { cost: 1, answer: 0 };
    };
  await measure({ ...speedup, rounds: 2 }, { ours: side("o"), peer: side("p") });
  expect(order).toEqual(["o0", "p0", "p1", "o1", "o2", "p2"]);
});

test("repeated work is run until the clock can tell, and costs what one operation takes", async () => {
  let runs = 0;
  const side = repeated("µs", 10, async () => {
    runs += 1;
    return "done";
  });
  await side(0);
  const before = runs;
  const { cost, answer } = await side(1);
  expect(answer).toBe("done");
  expect(runs - before).toBeGreaterThan(1);
  expect(cost).toBeGreaterThan(0);
});
