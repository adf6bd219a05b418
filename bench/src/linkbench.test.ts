import { expect, test } from "vitest";
import { LinkBenchMix, OPERATION_PERCENTAGES } from "./linkbench.ts";
import { generateRmat } from "./rmat.ts";

const data = generateRmat({ scale: 10 });

test("the percentages are complete", () => {
  const sum = Object.values(OPERATION_PERCENTAGES).reduce((total, share) => total + share, 0);
  expect(sum).toBeCloseTo(100, 2);
});

test("operations come in the published shares", () => {
  const operations = new LinkBenchMix(data).take(50_000);
  for (const [kind, percentage] of Object.entries(OPERATION_PERCENTAGES)) {
    const share = operations.filter((operation) => operation.kind === kind).length / operations.length;
    expect(Math.abs(share * 100 - percentage), kind).toBeLessThan(1);
  }
});

test("a few nodes are asked for far more often than the rest", () => {
  const asked = new Map<number, number>();
  for (const operation of new LinkBenchMix(data).take(50_000)) {
    if (operation.kind === "listLinks") asked.set(operation.source, (asked.get(operation.source) ?? 0) + 1);
  }
  const counts = [...asked.values()].sort((a, b) => b - a);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const top = counts.slice(0, data.nodeCount / 100).reduce((sum, count) => sum + count, 0);
  expect(top / total).toBeGreaterThan(0.3);
});

test("the same seed draws the same operations", () => {
  expect(new LinkBenchMix(data).take(100)).toEqual(new LinkBenchMix(data).take(100));
});
