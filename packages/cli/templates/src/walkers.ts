import { Root, via, walker } from "@rootwalk/core";
import { z } from "zod";
import { Message, Posted, Room } from "./schema.ts";

/** Goes from the user's root to a room, which it makes where there is none, and posts a message there. */
export const postMessage = walker("post_message", {
  input: { room: z.string(), sender: z.string(), text: z.string().max(2000) },
  report: z.object({ id: z.string() }),
})
  .entry(Root, (w, here) => {
    w.visit(here.out(Room, { name: w.room })).else(() => w.visit(here.connect(Room, { name: w.room })));
  })
  .entry(Room, (w, room) => {
    const message = room.connect(
      Message,
      { text: w.text, sender: w.sender },
      via(Posted, { at: Date.now() }),
    );
    w.report({ id: message.id });
  });
