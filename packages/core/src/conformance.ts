export { type AwkwardBase, type AwkwardOptions, awkwardBase } from "./persistence/awkward-store.ts";
export { ConformanceError } from "./persistence/conformance/assert.ts";
export { storeConformance } from "./persistence/conformance/store-conformance.ts";
export type { StoreConformanceOptions } from "./persistence/conformance/suite.ts";
export { type ChooseFault, type Fault, FaultyStore, type StoreMethod } from "./persistence/faulty-store.ts";
