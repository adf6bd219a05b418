import { expect, it } from "vitest";
import { z } from "zod";
import { type NodeQuery, node, oneOf, Root, walker } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class City extends node(
  "City",
  { code: z.string(), country: z.string().default("FR"), size: z.int().optional() },
  { unique: ["code"], index: ["country", { fields: ["country", "size"] }] },
) {}
class Port extends City.extend("Port", { berths: z.int().default(1) }) {}

const types = [City, Port];
const codes = async (query: NodeQuery<City>): Promise<string[]> =>
  (await query.all()).map(({ code }) => code);

forEachStore("a unit's own records by the keys of indexes", (open) => {
  it("are found as they are now: created, changed, changed back and deleted", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => tx.create(City, [{ code: "old" }, { code: "gone" }]));
    await graph.transaction(async (tx) => {
      const find = (code: string): Promise<string[]> => codes(tx.nodes(City, { code }));
      const a = tx.create(City, { code: "a" });
      expect(await find("a")).toEqual(["a"]);
      a.code = "b";
      expect([await find("a"), await find("b")]).toEqual([[], ["b"]]);
      a.code = "a";
      expect([await find("a"), await find("b")]).toEqual([["a"], []]);
      const old = await tx.nodes(City, { code: "old" }).one();
      old.code = "new";
      expect([await find("old"), await find("new")]).toEqual([[], ["new"]]);
      const port = tx.create(Port, { code: "p", country: "IT", size: 3 });
      expect(await codes(tx.nodes(Port, { code: "p" }))).toEqual(["p"]);
      expect(await codes(tx.nodes(City, { code: oneOf(["p", "a", "new", "old", "x"]) }))).toEqual([
        "new",
        "a",
        "p",
      ]);
      expect(await codes(tx.nodes(City, { country: "FR" }))).toEqual(["new", "gone", "a"]);
      expect(await codes(tx.nodes(City, { country: "IT", size: 3 }).reverse())).toEqual(["p"]);
      (await tx.nodes(City, { code: "gone" }).one()).delete();
      port.delete();
      expect(await codes(tx.nodes(City, { country: oneOf(["FR", "IT"]) }))).toEqual(["new", "a"]);
    });
    expect(await codes(graph.nodes(City))).toEqual(["new", "a"]);
  });

  it("are found as of the call of visit", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => tx.create(City, { code: "stored" }));
    const look = walker("look", { report: z.string() })
      .entry(Root, async (w) => {
        const own = w.create(City, { code: "one" });
        const stored = await w.nodes(City, { code: "stored" }).one();
        stored.code = "two";
        const visit = (code: string): void =>
          w.visit(w.nodes(City, { code })).else(() => w.report(`no ${code}`));
        visit("one");
        visit("two");
        own.code = "three";
        stored.code = "four";
        w.create(City, { code: "five" });
        visit("one");
        visit("three");
        visit("four");
        own.code = "six";
        visit("three");
      })
      .entry(City, (w, { code }) => w.report(code));
    expect((await graph.spawn(look)).reports).toEqual(["no one", "no three", "six", "four", "six", "four"]);
  });
});
