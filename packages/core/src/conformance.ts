export { type AwkwardBase, type AwkwardOptions, awkwardBase } from "./persistence/awkward-store.ts";
export { ConformanceError } from "./persistence/conformance/assert.ts";
export { storeConformance } from "./persistence/conformance/store-conformance.ts";
export type { StoreConformanceOptions } from "./persistence/conformance/suite.ts";
