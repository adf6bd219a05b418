import { type Graph, openGraph } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { types } from "./types.ts";

/** Opens the network kept in a SQLite file, or a new one in memory. */
export function openSocial(file?: string): Promise<Graph> {
  return openGraph({ types, ...(file !== undefined && { store: sqlite(file) }) });
}
