import { describe, expect, test } from "vitest";
import { newEdgeAccess, newNodeAccess } from "../model/access-record.ts";
import { IdSource } from "../model/id.ts";
import { isAdjacency } from "./check-arguments.ts";
import { adjacency } from "./conformance/store-client.ts";
import { copyAdjacencyRows } from "./copy-rows.ts";
import { AdjacencyRows } from "./rows.ts";

const source = new IdSource();
const [owner, near, far, ...edges] = Array.from({ length: 6 }, () => source.nextId()) as [
  string,
  string,
  string,
];

function head(rows: AdjacencyRows): number {
  rows.edgeOwners.push(owner);
  return rows.pushHead("Knows", newEdgeAccess, 1, 1, 1);
}

function farEnd(rows: AdjacencyRows, id: string): number {
  rows.farIds.push(id);
  rows.farOwners.push(owner);
  return rows.pushFar("Person", newNodeAccess, 1);
}

/** Three edges, of which two lead to one node. */
function shared(): AdjacencyRows {
  const rows = new AdjacencyRows();
  const places = [farEnd(rows, far), farEnd(rows, near)];
  const common = head(rows);
  for (const [i, edge] of edges.entries()) {
    rows.edges.push(edge);
    rows.pushShared(common, places[i % 2]!, { since: i }, true);
  }
  rows.endRequest(false);
  return rows;
}

function isAnswer(rows: AdjacencyRows): boolean {
  return isAdjacency(rows, [adjacency()]);
}

describe("an answer in which rows share heads and far ends", () => {
  test("says of each row what one does in which each has its own", () => {
    const rows = shared();
    expect(isAnswer(rows)).toBe(true);
    expect([0, 1, 2].map((i) => rows.farIds.at(rows.farAt(i)))).toEqual([far, near, far]);
    const copy = copyAdjacencyRows(rows);
    expect(isAnswer(copy)).toBe(true);
    expect([...copy.farIds]).toEqual([far, near, far]);
    expect([...copy.edgeOwners]).toEqual([owner, owner, owner]);
    expect(copy.edgeTypes).toEqual(["Knows", "Knows", "Knows"]);
    expect(copy.edgeFields).toEqual(rows.edgeFields);
  });

  test("may hold what no row names, rows or none", () => {
    const rows = new AdjacencyRows();
    head(rows);
    rows.endRequest(false);
    expect(isAnswer(rows)).toBe(true);
  });

  test.each<[string, (rows: AdjacencyRows) => unknown]>([
    ["a place that is none", (rows) => rows.farPlaces.splice(1, 1, 2)],
    ["no place of a row", (rows) => rows.headPlaces.pop()],
    ["far ends without owners", (rows) => rows.farOwners.clear()],
    ["heads of which one lacks its shape", (rows) => rows.edgeShapes.pop()],
    ["fewer fields than edges", (rows) => rows.edgeFields.pop()],
  ])("is none with %s", (_, spoil) => {
    const rows = shared();
    spoil(rows);
    expect(isAnswer(rows)).toBe(false);
  });
});
