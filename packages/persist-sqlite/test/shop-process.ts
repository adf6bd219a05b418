import { and, gte, type Id, lt, openGraph, type Tx, via } from "@rootwalk/core";
import { sqlite } from "../src/index.ts";
import { Database } from "./database.ts";
import { Good, Holds, Note, Sells, Shelf, Shop, types } from "./shop.ts";

// One process of several on a shop: `shop-process.ts PATH write NAME` or `shop-process.ts PATH read NAME UNITS`.

const [path = "", work = "", name = "", ...rest] = process.argv.slice(2);
/** What each reader has for itself: goods of one kind, in a range of prices of its own. */
const GOODS = 8;
/** What a writer leaves standing of what it made. */
const KEPT = 100;
const READERS = 2;
const UNIT_MS = 50;
const ENOUGH = 20;
/** How much longer a unit waits for so many commits of others where the machine is busy. */
const PATIENCE_MS = 1_000;

const graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** The same whole number for a name in every process. */
function numberOf(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7);
}

/** Small units, one after another, on goods, notes and edges that nobody else asks for. */
async function write(): Promise<void> {
  const { id } = await graph.transaction((tx) => tx.ensure(Shop, { name: "shop" }));
  const goods: Id[] = [];
  const spare: Id[] = [];
  const notes: Id[] = [];
  const units: ((tx: Tx, i: number) => unknown)[] = [
    async (tx, i) => {
      const fields = { code: `${name} ${i}`, price: 5_000_000 + i, kind: name };
      goods.push((await tx.require(Shop, id)).connect(Good, fields, via(Sells, { kind: name })).id);
    },
    (tx, i) => {
      spare.push(tx.create(Good, { code: `${name} spare ${i}`, price: 6_000_000 + i, kind: name }).id);
      notes.push(tx.create(Note, { about: name, text: `note ${i}` }).id);
    },
    async (tx) => {
      (await tx.require(Good, goods.at(-1) as Id)).sold += 1;
    },
    async (tx) => {
      if (spare.length <= KEPT) return;
      (await tx.require(Good, spare.shift() as Id)).delete();
      (await tx.require(Note, notes.shift() as Id)).delete();
    },
  ];
  for (let i = 0; ; i++) {
    await graph.transaction((tx) => units[i % units.length]?.(tx, i));
    if (i === units.length) say("writing");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

interface Counts {
  beside: number;
  first: number;
  units: number;
  totalMs: number;
}

/** Units of about 50 ms, until so many have seen enough commits of others. */
async function read(enough: number): Promise<void> {
  const file = new Database(path, { readonly: true });
  const newest = file.prepare("SELECT max(seq) FROM commits").pluck();
  const counts: Counts = { beside: 0, first: 0, units: 0, totalMs: 0 };
  const from = 1_000_000 + numberOf(name) * 100;
  await graph.transaction(async (tx) => {
    const shop = await tx.ensure(Shop, { name: "shop" });
    const shelf = tx.create(Shelf, { reader: name });
    for (let place = 0; place < GOODS; place++) {
      const good = shop.connect(
        Good,
        { code: `${name} ${place}`, price: from + place, kind: name },
        via(Sells, { kind: name }),
      );
      shelf.link(good, via(Holds, { place }));
    }
    tx.create(Note, { about: name, text: "first" });
  });
  say("reading");
  // What the other reader lays out is not unrelated yet.
  while ((await graph.nodes(Shelf).count()) < READERS) await new Promise((resolve) => setTimeout(resolve, 1));
  while (counts.beside < enough && counts.units < 10 * enough) {
    let runs = 0;
    let others = 0;
    await graph.transaction(async (tx) => {
      runs += 1;
      others = 0;
      const before = await look(tx, from);
      const base = newest.get() as number;
      const began = performance.now();
      do {
        await new Promise((resolve) => setTimeout(resolve, others === 0 ? UNIT_MS : 1));
        others = (newest.get() as number) - base;
      } while (others < ENOUGH && performance.now() - began < PATIENCE_MS);
      counts.totalMs += performance.now() - began;
      const after = await look(tx, from);
      if (JSON.stringify(after) !== JSON.stringify(before)) throw new Error("a unit saw two moments");
      const shelf = await tx.nodes(Shelf, { reader: name }).one();
      shelf.units += 1;
      (await shelf.out(Holds, { place: counts.units % GOODS }).one()).sold += 1;
    });
    counts.units += 1;
    if (others < ENOUGH) continue;
    counts.beside += 1;
    if (runs === 1) counts.first += 1;
  }
  file.close();
  say(`counts ${JSON.stringify(counts)}`);
}

/** What a unit reads: by id, unique key, index range, neighbourhood, a filter on a hub's edges and nodes, and by a scan. */
async function look(tx: Tx, from: number): Promise<unknown> {
  const shop = await tx.nodes(Shop, { name: "shop" }).one();
  const shelf = await tx.nodes(Shelf, { reader: name }).one();
  const held = await shelf.out(Holds).all();
  return [
    shop.opened,
    held.map(({ sold }) => sold),
    await tx.nodes(Good, and({ price: gte(from) }, { price: lt(from + 100) })).count(),
    (
      await tx
        .nodes(Good, { price: gte(from) })
        .orderBy("price")
        .limit(GOODS)
        .all()
    ).map(({ code }) => code),
    (await shop.out(Sells, { kind: name }).all()).map(({ code }) => code),
    await shop.out(Good, { kind: name }).count(),
    (await tx.nodes(Note, { about: name }).all()).map(({ text }) => text),
    await tx.nodes(Note, { about: name, text: "second" }).exists(),
    (await tx.require(Good, held[0]?.id ?? "")).price,
  ];
}

if (work === "write") await write();
else if (work === "read") await read(Number(rest[0]));
await graph.close();
