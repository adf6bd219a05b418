import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkedStore } from "@rootwalk/core/store";
import { StoreClient } from "@rootwalk/core/testing";
import { sqlite } from "../src/index.ts";
import { formatVersion } from "../src/tables.ts";
import { dump, fill, fixtureCatalog } from "./fixture.ts";

// Writes the fixture of the format that the sources write. Once a release has written files of a format, its fixture
// stays as it is for good.

const path = fileURLToPath(new URL(`fixtures/format-${formatVersion}.db`, import.meta.url));
rmSync(path, { force: true });
const open = () => checkedStore(sqlite(path));
const first = await StoreClient.start({
  create: open,
  reopen: undefined,
  connect: open,
});
const client = await first.connected(fixtureCatalog);
await fill(client);
writeFileSync(path.replace(/db$/, "json"), `${JSON.stringify(await dump(client.store), null, 1)}\n`);
await client.store.close();
await first.store.close();
