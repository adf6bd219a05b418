// For tests of apps and of stores. Apps that do not import it carry nothing of it.
export { BatchDraft, type RecordOptions } from "./persistence/conformance/batch-draft.ts";
export { catalog as suiteCatalog } from "./persistence/conformance/catalog.ts";
export { GuardList } from "./persistence/conformance/guard-list.ts";
export {
  type Neighborhood,
  type PageView,
  StoreClient,
  type StoreOrigin,
} from "./persistence/conformance/store-client.ts";

export { type Arbitraries, arbitraries, type GivenFields } from "./testing/arbitraries.ts";
export {
  checkModel,
  ModelFailure,
  type ModelReport,
  type ModelStep,
  type ModelSteps,
  type ModelTest,
  type ModelWorld,
  type PlannedStep,
  type RecordBook,
  type SomeRecord,
  type Spawned,
  type SpawnStepOptions,
} from "./testing/check-model.ts";
export type { Arbitrary, FastCheck, FastCheckFunction } from "./testing/fast-check.ts";
export {
  type ChooseFault,
  type Fault,
  type FaultyCall,
  FaultyStore,
  type PlannedFault,
  type StoreMethod,
} from "./testing/faulty-store.ts";
export { type GraphSketch, populate, type SketchOptions } from "./testing/graph-sketch.ts";
export { type Anomaly, checkHistory, type HistoryVerdict } from "./testing/history/check.ts";
export type {
  Noted,
  NotedCondition,
  NotedFind,
  NotedRead,
  NotedState,
  NotedTest,
  NotedUnit,
  NotedValue,
  NotedWrite,
} from "./testing/history/history.ts";
export { seededRandom } from "./testing/seeded-random.ts";
export { type TestClock, testClock, testStart } from "./testing/test-clock.ts";
export { type TestGraph, type TestGraphOptions, testGraph } from "./testing/test-graph.ts";
