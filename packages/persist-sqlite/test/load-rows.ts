import { edge, node } from "@rootwalk/core";
import { BulkLoad, edgeRow, type LoadRow, nodeRow } from "@rootwalk/core/interchange";
import { z } from "zod";

export class Item extends node("Item", { number: z.int() }, { unique: ["number"] }) {}
export class Next extends edge("Next", { by: z.int() }, { from: Item, to: Item }) {}
export const loadTypes = [Item, Next, BulkLoad];

/** Items, each with an edge to one before it, which may be of a batch long ago. */
export function* rows(): Generator<LoadRow> {
  for (let i = 0; i < 2_000; i++) {
    yield nodeRow(Item, i, { number: i });
    if (i > 0) yield edgeRow(Next, i, (i * 7_919) % i, { by: i });
  }
}
