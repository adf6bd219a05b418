import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openGraph, via } from "@rootwalk/core";
import { sqlite } from "../src/index.ts";
import { formatVersion } from "../src/tables.ts";
import { versions } from "./versions.ts";

// Writes a file in which rows of two versions of an app lie beside each other. As with the other fixtures: once a release
// has written such files, it stays as it is for good.

const { old, current } = versions;
const path = fileURLToPath(new URL(`fixtures/histories-${formatVersion}.db`, import.meta.url));
rmSync(path, { force: true });

const before = await openGraph({ types: old.types, store: sqlite(path) });
await before.transaction((tx) => {
  const counter = tx.root.connect(old.Counter, { name: "all", count: 1 });
  counter.connect(old.Item, { code: "old" }, via(old.Made, { by: "old" }));
  tx.create(old.Account, [{ euros: "1" }, { euros: "2" }]);
});
await before.close();

const after = await openGraph({ types: current.types, store: sqlite(path) });
await after.transaction(async (tx) => {
  const tally = await tx.nodes(current.Tally).one();
  tally.connect(current.Parcel, { code: "new", to: "x" }, via(current.Made, { by: "new" }));
  (await tx.nodes(current.Account, { cents: 200 }).one()).cents += 50;
});
await after.close();
