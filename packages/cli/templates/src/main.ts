import { openGraph } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { Posted, Room, types } from "./schema.ts";
import { postMessage } from "./walkers.ts";

const graph = await openGraph({ types, store: sqlite("chat.db") });

const text = process.argv[2] ?? "hello";
await graph.spawn(postMessage, { room: "general", sender: "me", text });

const latest = await graph.nodes(Room, { name: "general" }).out(Posted).reverse().limit(5).all();
for (const message of latest) console.log(`${message.sender}: ${message.text}`);

await graph.close();
