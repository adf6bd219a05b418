import { edge, node } from "@rootwalk/core";
import { z } from "zod";

export class Room extends node("Room", { name: z.string() }, { unique: ["name"] }) {}

export class Message extends node("Message", { text: z.string(), sender: z.string() }) {}

export class Posted extends edge("Posted", { at: z.number() }, { from: Room, to: Message }) {}

export const types = [Room, Message, Posted];
