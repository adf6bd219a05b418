import assert from "node:assert/strict";
import { test } from "node:test";
import { openGraph } from "@rootwalk/core";
import { Message, Room, types } from "./schema.ts";
import { postMessage } from "./walkers.ts";

test("the first message makes the room, the second one finds it", async () => {
  // Without a store the graph is in memory.
  const graph = await openGraph({ types });
  await graph.spawn(postMessage, { room: "general", sender: "ann", text: "hi" });
  await graph.spawn(postMessage, { room: "general", sender: "bob", text: "hello Ann" });
  assert.equal(await graph.nodes(Room).count(), 1);
  const messages = await graph.nodes(Room, { name: "general" }).out(Message).all();
  assert.deepEqual(
    messages.map((message) => message.sender),
    ["ann", "bob"],
  );
  await graph.close();
});
