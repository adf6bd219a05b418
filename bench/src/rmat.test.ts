import { describe, expect, test } from "vitest";
import { drawSources, generateRmat, outDegree } from "./rmat.ts";

describe("generateRmat", () => {
  const data = generateRmat({ scale: 10 });

  test("gives the same graph for the same seed, another one for another", () => {
    expect(generateRmat({ scale: 10 })).toEqual(data);
    expect(generateRmat({ scale: 10, seed: 2 }).targets).not.toEqual(data.targets);
  });

  test("drops duplicate edges and groups the rest by source", () => {
    const pairs = new Set<number>();
    for (let edge = 0; edge < data.edgeCount; edge += 1) {
      const source = data.sources[edge] as number;
      expect(source).toBeGreaterThanOrEqual(data.sources[edge - 1] ?? 0);
      pairs.add(source * data.nodeCount + (data.targets[edge] as number));
    }
    expect(pairs.size).toBe(data.edgeCount);
  });

  test("says where each node's edges are", () => {
    for (let node = 0; node < data.nodeCount; node += 1) {
      for (let edge = data.offsets[node] as number; edge < (data.offsets[node + 1] as number); edge += 1) {
        expect(data.sources[edge]).toBe(node);
      }
    }
    expect(data.offsets[data.nodeCount]).toBe(data.edgeCount);
  });

  test("is skewed: a few nodes have most of the edges, many have none", () => {
    const degrees = Array.from({ length: data.nodeCount }, (_, node) => outDegree(data, node)).sort(
      (a, b) => b - a,
    );
    const top = degrees.slice(0, data.nodeCount / 10).reduce((sum, degree) => sum + degree, 0);
    expect(top / data.edgeCount).toBeGreaterThan(0.5);
    expect(degrees.filter((degree) => degree === 0).length / data.nodeCount).toBeGreaterThan(0.2);
  });

  test("has at scale 16 the 65,536 nodes and, within a quarter of a percent, the 494,805 edges of the figures", () => {
    const { nodeCount, edgeCount } = generateRmat({ scale: 16 });
    expect(nodeCount).toBe(65_536);
    expect(Math.abs(edgeCount / 494_805 - 1)).toBeLessThan(0.0025);
  });
});

test("sources are drawn once each, and only where there is an edge to follow", () => {
  const data = generateRmat({ scale: 8 });
  const sources = drawSources(data, 50, 1);
  expect(new Set(sources).size).toBe(50);
  expect(sources.every((source) => outDegree(data, source) > 0)).toBe(true);
});
