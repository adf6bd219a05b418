import { IdColumn } from "@rootwalk/core/store";
import { BatchDraft } from "@rootwalk/core/testing";
import { IdSource } from "../../core/src/model/id.ts";
import { catalog } from "../../core/src/persistence/conformance/catalog.ts";
import { sqlite } from "../src/index.ts";

// Another process on the same file: `process.ts PATH DURABILITY ROOT WORK [ARGUMENT…]`. Says what it did, a line each.

const [path = "", durability = "full", root = "", work = "", ...rest] = process.argv.slice(2);
const ids = new IdSource();
const draft = (): BatchDraft => new BatchDraft(() => ids.nextId(), root);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const store = sqlite(path, { durability: durability as "full" | "normal" });
await store.open(catalog);
say("open");

async function status(of: BatchDraft): Promise<string> {
  const [outcome] = await store.commit([of.batch(await store.current())]);
  return outcome?.status ?? "none";
}

/** Connects to a hub and counts in its fields, each in a commit of its own, as often as it is told. */
async function connectAndCount(hub: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const connecting = draft();
    const edge = connecting.edge("Knows", hub, connecting.node("Room"));
    if ((await status(connecting)) !== "committed") throw new Error("a blind connect failed");
    say(`edge ${edge}`);
    for (let counted = false; !counted; ) {
      const { rows } = await store.readNodes(IdColumn.of(hub));
      const { rank } = rows.fields[0] as { rank: number };
      counted =
        (await status(draft().write("Person", hub, rows.dataVersions[0] as number, { rank: rank + 1 }))) ===
        "committed";
      if (!counted) say("conflict");
    }
  }
}

/** Commits records that nobody else looks at until it is stopped. */
async function writeOn(): Promise<void> {
  for (;;) {
    const writing = draft();
    const node = writing.node("Room", { name: `room of ${writing.unitId}` });
    writing.edge("Likes", root, node);
    if ((await status(writing)) === "committed") say(`unit ${writing.unitId} ${node}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

if (work === "count") await connectAndCount(rest[0] as string, Number(rest[1]));
else if (work === "write") await writeOn();
await store.close();
say("closed");
