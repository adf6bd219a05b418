import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CatalogDescription, checkedStore, type Store } from "@rootwalk/core/store";
import { StoreClient } from "@rootwalk/core/testing";
import { onTestFinished } from "vitest";
import { catalog } from "../../core/src/persistence/conformance/catalog.ts";
import { type SqliteOptions, type SqliteStore, sqlite } from "../src/index.ts";

export type { BatchDraft } from "@rootwalk/core/testing";
export { GuardList, StoreClient } from "@rootwalk/core/testing";
export { catalog, edgeType, index, nodeType } from "../../core/src/persistence/conformance/catalog.ts";
export { adjacency } from "../../core/src/persistence/conformance/store-client.ts";

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "rootwalk-sqlite-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function temporaryFile(): string {
  return join(temporaryDirectory(), "graph.db");
}

/** A store that is closed with the test. */
export function storeOf(path: string, options: SqliteOptions = {}): SqliteStore {
  const store = sqlite(path, { durability: "normal", ...options });
  onTestFinished(async () => {
    await store.close();
  });
  return store;
}

export async function opened(
  path: string,
  options: SqliteOptions = {},
  as: CatalogDescription = catalog,
): Promise<SqliteStore> {
  const store = storeOf(path, options);
  await store.open(as);
  return store;
}

/** A client of a new file, in which two roots exist; `connected` and `reopened` give further ones. */
export async function session(
  path: string = temporaryFile(),
  options: SqliteOptions = {},
): Promise<StoreClient> {
  const open = (): Store => checkedStore(storeOf(path, options));
  return StoreClient.start({ create: open, reopen: open, connect: open });
}

/** Runs with everything that the event loop does meanwhile counted. */
export async function turnsDuring(work: () => unknown): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await work();
  isDone = true;
  return turns;
}
