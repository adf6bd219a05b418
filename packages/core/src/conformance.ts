export { type AwkwardBase, type AwkwardOptions, awkwardBase } from "./persistence/awkward-store.ts";
export { ConformanceError } from "./persistence/conformance/assert.ts";
export { cacheConformance } from "./persistence/conformance/cache/cache-conformance.ts";
export type { CacheConformanceOptions } from "./persistence/conformance/cache/cache-suite.ts";
export { storeConformance } from "./persistence/conformance/store-conformance.ts";
export type { StoreConformanceOptions } from "./persistence/conformance/suite.ts";
export {
  type ReferenceCacheOptions,
  type ReferenceCacheServer,
  referenceCache,
} from "./persistence/reference-cache.ts";
