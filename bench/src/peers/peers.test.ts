import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fold, LinkBenchMix } from "../linkbench.ts";
import { drawSources, generateRmat } from "../rmat.ts";
import { filter, pairWrites, withoutIds } from "../workload.ts";
import { CsrGraph } from "./csr.ts";
import { GraphologyGraph, type GraphologyIds } from "./graphology.ts";
import { GraphologyLinkBench } from "./graphology-linkbench.ts";
import { ObjectGraph } from "./js-objects.ts";
import { RawLinkBench } from "./raw-linkbench.ts";
import { RawGraph, type RawIds } from "./raw-sqlite.ts";

// A ratio against a peer that answers something else means nothing: the peers hold each other to the same answers.

const data = generateRmat({ scale: 9 });
const sources = drawSources(data, 20, 1);
const csr = new CsrGraph(data);
const objects = new ObjectGraph(data);
let folder: string;
let raw: RawGraph;
let rawIds: RawIds;
let graphology: GraphologyGraph;
let graphologyIds: GraphologyIds;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rootwalk-peers-"));
  raw = new RawGraph(join(folder, "raw.db"), "NORMAL");
  rawIds = raw.load(data, 1_000);
  graphology = new GraphologyGraph();
  graphologyIds = graphology.load(data);
});

afterAll(() => {
  raw.close();
  rmSync(folder, { recursive: true });
});

const inRaw = (node: number) => rawIds.nodes[node] as Buffer;
const inGraphology = (node: number) => graphologyIds.nodes[node] as string;

test.each([1, 2, 3])("%i hops reach as many distinct nodes in each peer", (hops) => {
  const counts = sources.map((source) => csr.countHops(source, hops));
  expect(counts.some((count) => count > 1)).toBe(true);
  expect(sources.map((source) => graphology.countHops(inGraphology(source), hops))).toEqual(counts);
  expect(sources.map((source) => raw.countHops(inRaw(source), hops))).toEqual(counts);
});

test("as many nodes are reachable in each peer", () => {
  const counts = sources.map((source) => csr.countReachable(source));
  expect(sources.map((source) => graphology.countReachable(inGraphology(source)))).toEqual(counts);
  expect(sources.map((source) => raw.countReachable(inRaw(source)))).toEqual(counts);
});

test("neighbours have the same properties in the same order, filtered or not", () => {
  for (const source of sources) {
    expect(withoutIds(graphology.neighbours(inGraphology(source)))).toEqual(
      withoutIds(raw.neighbours(inRaw(source))),
    );
    expect(withoutIds(graphology.filteredNeighbours(inGraphology(source), filter))).toEqual(
      withoutIds(raw.filteredNeighbours(inRaw(source), filter)),
    );
  }
});

test("a walk visits the same nodes in the same order, to its end or cut short", async () => {
  for (const maxNodes of [10, data.nodeCount + 1]) {
    for (const source of sources) {
      const task = { source, aboveWeight: 0.3, maxNodes };
      const totals = objects.walk(task);
      expect(await objects.walkAsync(task)).toEqual(totals);
      expect(raw.walk(inRaw(source), task)).toEqual(totals);
    }
  }
});

test("a pair is one node more and one edge more", () => {
  const [pair] = pairWrites(data, 1, 1);
  if (pair === undefined) throw new Error("no write was drawn");
  const before = raw.countOut(inRaw(pair.source));
  raw.addPair(inRaw(pair.source), pair);
  expect(raw.countOut(inRaw(pair.source))).toBe(before + 1);
  expect(withoutIds(raw.neighbours(inRaw(pair.source))).at(-1)).toEqual({
    name: pair.name,
    grp: pair.grp,
    score: pair.score,
  });
});

describe("LinkBench", () => {
  test("SQLite and graphology answer every operation alike", () => {
    const other = new GraphologyGraph();
    const inMemory = new GraphologyLinkBench(other, other.load(data));
    const file = new RawGraph(join(folder, "linkbench.db"), "NORMAL");
    const inFile = new RawLinkBench(file, file.load(data, 1_000));
    const answered = new Set<string>();
    let [one, two] = [0, 0];
    for (const operation of new LinkBenchMix(data).take(5_000)) {
      const answer = inMemory.perform(operation);
      one = fold(one, answer);
      two = fold(two, inFile.perform(operation));
      if (one !== two) expect.fail(`the peers differ first at ${JSON.stringify(operation)}`);
      if (answer > 0) answered.add(operation.kind);
    }
    file.close();
    expect(answered.size).toBe(10);
  });
});
