import { node } from "@rootwalk/core";
import { z } from "zod";

/** What several processes write and watch. */
export class Note extends node("Note", { by: z.string(), n: z.int(), text: z.string().default("") }) {}

export const types = [Note];
