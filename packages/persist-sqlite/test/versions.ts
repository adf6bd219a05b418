import { edge, node } from "@rootwalk/core";
import { z } from "zod";

// An app in two versions, as it is at work while the second one is rolled out.

const old = (() => {
  class Counter extends node("Counter", { name: z.string(), count: z.int() }, { unique: ["name"] }) {}
  class Item extends node("Item", { code: z.string() }, { unique: ["code"] }) {}
  class Account extends node("Account", { euros: z.string() }) {}
  class Made extends edge("Made", { by: z.string() }, { from: Counter, to: Item }) {}
  return { Counter, Item, Account, Made, types: [Counter, Item, Account, Made] };
})();

const current = (() => {
  class Tally extends node(
    "Tally",
    { title: z.string(), count: z.int(), unit: z.string().default("piece") },
    { unique: ["title"], history: [{ formerly: "Counter" }, { rename: { name: "title" } }] },
  ) {}
  class Item extends node("Item", { code: z.string(), size: z.int().default(1) }, { unique: ["code"] }) {}
  class Parcel extends Item.extend("Parcel", { to: z.string() }) {}
  class Account extends node(
    "Account",
    { cents: z.int() },
    {
      index: ["cents"],
      history: [
        {
          transform: ["euros"],
          into: ["cents"],
          by: (before: { euros: string }) => ({ cents: Number(before.euros) * 100 }),
        },
      ],
    },
  ) {}
  class Made extends edge("Made", { by: z.string() }, { from: Tally, to: Item }) {}
  return { Tally, Item, Parcel, Account, Made, types: [Tally, Item, Parcel, Account, Made] };
})();

export const versions = { old, current };
