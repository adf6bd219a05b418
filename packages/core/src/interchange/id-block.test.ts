import { expect, test } from "vitest";
import { type Id, IdSource, isId } from "../model/id.ts";
import { IdBlock } from "./id-block.ts";

test("the ids of a block ascend from its first one, over the ends of milliseconds, and others come after them", () => {
  const ids = new IdSource(() => 1_700_000_000_000);
  const first = ids.nextId();
  const block = new IdBlock(first);
  block.reserve(ids, 100_000);
  expect(block.at(0)).toBe(first);
  let last: Id = "";
  for (let place = 0; place < 100_000; place++) {
    const id = block.at(place);
    if (!isId(id) || id <= last) expect.unreachable(`${id} after ${last}`);
    last = id;
  }
  expect(ids.nextId() > last).toBe(true);
  expect(new IdBlock(first).at(54_321)).toBe(block.at(54_321));
});
