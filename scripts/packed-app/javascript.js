import { node, openGraph } from "@rootwalk/core";
import { storeConformance } from "@rootwalk/core/conformance";
import { IdColumn } from "@rootwalk/core/store";
import { sqlite } from "@rootwalk/persist-sqlite";

const text = {
  "~standard": {
    version: 1,
    vendor: "app",
    validate: (value) =>
      typeof value === "string" ? { value } : { issues: [{ message: "expected a string" }] },
  },
};
class Note extends node("Note", { text }, { unique: ["text"] }) {}

const graph = await openGraph({ types: [Note], store: sqlite("javascript.db") });
await graph.transaction((tx) => tx.create(Note, { text: "kept" }));
const refused = await graph.transaction((tx) => tx.create(Note, { text: 1 })).catch((error) => error.code);
const taken = await graph.transaction((tx) => tx.create(Note, { text: "kept" })).catch((error) => error.code);
const notes = await graph.nodes(Note).count();
await graph.close();
if (notes !== 1 || refused !== "RW_FIELD_INVALID" || taken !== "RW_UNIQUE")
  throw new Error(`${notes} ${refused} ${taken}`);
if (typeof storeConformance !== "function" || new IdColumn().length !== 0)
  throw new Error("an entry point is not whole");
console.log(`JavaScript: ${notes} note kept, bad ones refused with ${refused} and ${taken}`);
