import { expect, it } from "vitest";
import { z } from "zod";
import { and, edge, type Graph, gte, lt, node, or, type Tx, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

// What another process commits while a unit is open makes the unit begin again where it alters what the unit has read,
// and only there. Every read is tried beside every change.

class Shop extends node("Shop", { name: z.string() }, { unique: ["name"] }) {}
class Good extends node(
  "Good",
  { code: z.string().optional(), kind: z.string(), price: z.int(), sold: z.int().default(0) },
  { unique: ["code"], index: ["price"] },
) {}
class Note extends node("Note", { about: z.string(), text: z.string().default("") }) {}
class Log extends node("Log", { n: z.int() }) {}
class Sells extends edge("Sells", { kind: z.string() }, { from: Shop, to: Good }) {}
class Near extends edge("Near", { far: z.int().default(0) }, { from: Good, to: Good, undirected: true }) {}
const types = [Shop, Good, Note, Log, Sells, Near];

/** The shop has goods and notes of the kinds a and b; prices of a lie below 100, those of b above. */
async function fill(graph: Graph): Promise<void> {
  await graph.transaction((tx) => {
    const shop = tx.root.connect(Shop, { name: "shop" });
    for (const kind of ["a", "b"]) {
      const from = kind === "a" ? 0 : 100;
      const goods = [1, 2, 3, 4].map((i) =>
        shop.connect(Good, { code: `${kind}${i}`, kind, price: from + i }, via(Sells, { kind })),
      );
      goods[0]!.link(goods[1]!, via(Near));
      goods[2]!.link(goods[1]!, via(Near, { far: kind === "a" ? 1 : 0 }));
      tx.create(Good, { code: `${kind} spare`, kind, price: from + 50 });
      tx.create(
        Note,
        [1, 2].map(() => ({ about: kind })),
      );
    }
  });
}

const shop = (tx: Tx) => tx.nodes(Shop, { name: "shop" });
const good = (tx: Tx, code: string) => tx.nodes(Good, { code }).one();

const reads: Record<string, (tx: Tx) => Promise<unknown>> = {
  "a scan with a filter": (tx) => tx.nodes(Note, { about: "a" }).ids(),
  "a count with a filter": (tx) => tx.nodes(Good, { kind: "a" }).count(),
  "a range of an index": (tx) => tx.nodes(Good, and({ price: gte(0) }, { price: lt(90) })).ids(),
  "the first of an order": (tx) => tx.nodes(Good).orderBy("price").limit(3).ids(),
  "a key": (tx) => tx.nodes(Good, { code: "a1" }).ids(),
  "a key that nobody has": (tx) => tx.nodes(Good, { code: "a9" }).exists(),
  "a neighbourhood by its edges": (tx) => shop(tx).out(Sells, { kind: "a" }).ids(),
  "a neighbourhood by its nodes": (tx) => shop(tx).out(Good, { kind: "a" }).ids(),
  "a count of a neighbourhood": (tx) => shop(tx).out(Good, { kind: "a", sold: 0 }).count(),
  "edges with a filter": (tx) => tx.edges(Near, { far: 1 }).ids(),
  "a count of a type": (tx) => tx.nodes(Note).count(),
  "a count of edges": (tx) => tx.edges(Sells).count(),
  "two hops": (tx) =>
    shop(tx)
      .out(Sells, { kind: "a" })
      .both(Near)
      .filter(or({ kind: "a" }, { sold: gte(5) }))
      .ids(),
};

/** These are about both kinds. */
const counts: ReadonlySet<string> = new Set(["a count of a type", "a count of edges"]);

/** Each with the kind that it is about: what reads of the other kind give stays as it is. */
const changes: Record<string, (tx: Tx, kind: "a" | "b") => unknown> = {
  "makes a note": (tx, about) => tx.create(Note, { about }),
  "makes a note and deletes another": async (tx, about) => {
    tx.create(Note, { about });
    (await tx.nodes(Note, { about }).first())?.delete();
  },
  "writes to a note": async (tx, about) => {
    (await tx.nodes(Note, { about }).all())[0]!.text = "new";
  },
  "connects a good": async (tx, kind) => {
    const price = kind === "a" ? 0 : 200;
    (await shop(tx).one()).connect(Good, { code: `${kind}9`, kind, price }, via(Sells, { kind }));
  },
  "links a good that exists": async (tx, kind) => {
    (await shop(tx).one()).link(await good(tx, `${kind} spare`), via(Sells, { kind }));
  },
  "writes to a good": async (tx, kind) => {
    (await good(tx, `${kind}1`)).sold += 1;
  },
  "deletes a good of the shop": async (tx, kind) => (await good(tx, `${kind}1`)).delete(),
  "deletes a good of nobody": async (tx, kind) => (await good(tx, `${kind} spare`)).delete(),
  "lets everybody see a good": async (tx, kind) => (await good(tx, `${kind}2`)).grant("read"),
  "takes an edge away": async (tx, kind) => {
    await (await shop(tx).one()).disconnect(await good(tx, `${kind}1`));
  },
  "makes two goods neighbours": async (tx, kind) =>
    void (await good(tx, `${kind}1`)).link(
      await good(tx, `${kind}4`),
      via(Near, { far: kind === "a" ? 1 : 0 }),
    ),
  "makes a good and changes and deletes it": async (tx, kind) => {
    const made = (await shop(tx).one()).connect(Good, { kind, price: 150 }, via(Sells, { kind }));
    made.price = kind === "a" ? 5 : 500;
  },
};

forEachStore("a unit beside another process's commit", (open) => {
  const { isShared } = open.store;
  let cases = 0;
  for (const [reading, read] of Object.entries(reads)) {
    it.skipIf(!isShared)(`that has read ${reading} begins again where the result is another`, async () => {
      for (const [what, change] of Object.entries(changes)) {
        for (const kind of ["a", "b"] as const) {
          const said = `another one ${what} of kind ${kind}`;
          const openHere = open.place();
          const other = await openHere({ types });
          await fill(other);
          const graph = await openHere({ types });
          // Half of them find what they read in L1.
          if (cases++ % 2 === 0) await graph.transaction(async (tx) => void (await read(tx)));
          const results: unknown[] = [];
          await graph.transaction(async (tx) => {
            results.push(JSON.stringify(await read(tx)));
            if (results.length === 1)
              await other.transaction(async (otherTx) => void (await change(otherTx, kind)));
            tx.create(Log, { n: results.length });
          });
          const now = JSON.stringify(await other.transaction((tx) => read(tx)));
          expect(results.at(-1), said).toBe(now);
          // What befell the records that were read counts, even where it does not show in this result.
          if (kind === "b" && !counts.has(reading)) expect(results, said).toEqual([now]);
          else if (results[0] !== now) expect(results, said).toHaveLength(2);
          expect(await graph.nodes(Log).count()).toBe(1);
          await Promise.all([graph.close(), other.close()]);
        }
      }
    });
  }
});
