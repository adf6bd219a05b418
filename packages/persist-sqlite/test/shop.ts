import { edge, node } from "@rootwalk/core";
import { z } from "zod";

// Types that several processes use on one file: a shelf of goods for each reader, and what is written beside them.

export class Shop extends node(
  "Shop",
  { name: z.string(), opened: z.int().default(0) },
  { unique: ["name"] },
) {}
export class Shelf extends node(
  "Shelf",
  { reader: z.string(), units: z.int().default(0) },
  { unique: ["reader"] },
) {}
export class Good extends node(
  "Good",
  { code: z.string(), price: z.int(), kind: z.string(), sold: z.int().default(0) },
  { unique: ["code"], index: ["price"] },
) {}
/** No index: what is asked of it is answered by a scan. */
export class Note extends node("Note", { about: z.string(), text: z.string() }) {}
export class Sells extends edge("Sells", { kind: z.string() }, { from: Shop, to: Good }) {}
export class Holds extends edge("Holds", { place: z.int() }, { from: Shelf, to: Good }) {}

export const types = [Shop, Shelf, Good, Note, Sells, Holds];
