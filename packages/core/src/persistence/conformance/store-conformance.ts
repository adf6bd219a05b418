import { adjacencyConformance } from "./adjacency.ts";
import { changeConformance } from "./changes.ts";
import { clientConformance } from "./clients.ts";
import { closingConformance } from "./closing.ts";
import { commitConformance } from "./commits.ts";
import { concurrencyConformance } from "./concurrency.ts";
import { countingConformance } from "./counting.ts";
import { damageConformance } from "./damage.ts";
import { filingConformance } from "./filing.ts";
import { guardConformance } from "./guards.ts";
import { largeValueConformance } from "./large-values.ts";
import { leaseConformance } from "./leases.ts";
import { lookupConformance } from "./lookups.ts";
import { openingConformance } from "./opening.ts";
import { purgeConformance } from "./purging.ts";
import { readingConformance } from "./reading.ts";
import { scanConformance } from "./scans.ts";
import { snapshotConformance } from "./snapshots.ts";
import { type StoreConformanceOptions, Suite } from "./suite.ts";
import { tokenConformance } from "./tokens.ts";
import { uniqueConformance } from "./unique-keys.ts";
import { unitConformance } from "./units.ts";
import { valuesConformance } from "./values.ts";
import { versionConformance } from "./versions.ts";

/**
 * Declares the tests that every `Store` must pass, with the caller's own test runner.
 *
 * Each test gets a new store and closes it. Groups for several clients, reopening, damage and expiring leases run where
 * the options give the means; a test fails where the store's `supports` says that it should have them.
 *
 * @example
 * ```ts
 * // describe and test are the runner's: vitest's, node:test's, …
 * describe("my store", () => {
 *   storeConformance({ describe, test, create: () => new MyStore() });
 * });
 * ```
 */
export function storeConformance(options: StoreConformanceOptions): void {
  const suite = new Suite(options);
  openingConformance(suite);
  valuesConformance(suite);
  readingConformance(suite);
  adjacencyConformance(suite);
  lookupConformance(suite);
  scanConformance(suite);
  snapshotConformance(suite);
  commitConformance(suite);
  versionConformance(suite);
  guardConformance(suite);
  uniqueConformance(suite);
  unitConformance(suite);
  changeConformance(suite);
  tokenConformance(suite);
  concurrencyConformance(suite);
  clientConformance(suite);
  leaseConformance(suite);
  purgeConformance(suite);
  countingConformance(suite);
  largeValueConformance(suite);
  damageConformance(suite);
  filingConformance(suite);
  closingConformance(suite);
}
