import { openGraph, via } from "@rootwalk/core";
import { sqlite } from "../src/index.ts";
import { Good, Sells, Shop, types } from "./shop.ts";

// A process that ends before what it deleted is purged: `hub-process.ts PATH delete EDGES`, or `hub-process.ts PATH open`.

const [path = "", work = "", size = "0"] = process.argv.slice(2);
const graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });

if (work === "delete") {
  const { id } = await graph.transaction((tx) => {
    const hub = tx.create(Shop, { name: "hub" });
    const goods = Array.from({ length: Number(size) }, (_, i) => ({ code: `${i}`, price: i, kind: "k" }));
    hub.connect(Good, goods, via(Sells, { kind: "k" }));
    return hub;
  });
  await graph.transaction(async (tx) => (await tx.require(Shop, id)).delete());
}
process.stdout.write(`${work}\n`);
// Stays until it is killed.
setInterval(() => {}, 1_000);
