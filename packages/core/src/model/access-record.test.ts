import { expect, test } from "vitest";
import {
  accessRecord,
  equalAccess,
  newEdgeAccess,
  newNodeAccess,
  withAll,
  withoutRoot,
  withRoot,
} from "./access-record.ts";

test("a new node is its owner's alone, a new edge is as visible as its ends", () => {
  expect(newNodeAccess).toEqual({ all: "none", roots: new Map() });
  expect(newEdgeAccess).toEqual({ all: "read", roots: new Map() });
});

test("records without entries of their own are shared", () => {
  expect(accessRecord("read")).toBe(newEdgeAccess);
  expect(withAll(newNodeAccess, "read")).toBe(newEdgeAccess);
  expect(withoutRoot(withRoot(newNodeAccess, "a", "read"), "a")).toBe(newNodeAccess);
});

test("a change gives a new record and leaves the old one", () => {
  const one = withRoot(newNodeAccess, "a", "write");
  const two = withRoot(one, "b", "none");
  expect(newNodeAccess.roots.size).toBe(0);
  expect([...one.roots]).toEqual([["a", "write"]]);
  expect([...two.roots]).toEqual([
    ["a", "write"],
    ["b", "none"],
  ]);
  expect(withAll(two, "read")).toEqual({ all: "read", roots: two.roots });
});

test("a change that changes nothing gives the record itself", () => {
  const one = withRoot(newNodeAccess, "a", "write");
  expect(withRoot(one, "a", "write")).toBe(one);
  expect(withoutRoot(one, "b")).toBe(one);
  expect(withAll(one, "none")).toBe(one);
});

test("records are equal when they grant the same", () => {
  const one = withRoot(withRoot(newNodeAccess, "a", "read"), "b", "write");
  expect(equalAccess(one, withRoot(withRoot(newNodeAccess, "b", "write"), "a", "read"))).toBe(true);
  expect(equalAccess(one, one)).toBe(true);
  expect(equalAccess(one, withRoot(one, "a", "none"))).toBe(false);
  expect(equalAccess(one, withAll(one, "read"))).toBe(false);
  expect(equalAccess(one, newNodeAccess)).toBe(false);
});
