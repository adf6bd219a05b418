// For authors of stores and caches: the SPI and what helps to implement it.
export * from "./errors.ts";
export {
  type AccessRecord,
  accessRecord,
  equalAccess,
  newEdgeAccess,
  newNodeAccess,
} from "./model/access-record.ts";
export { compareForOrder, compareStrings, compareValues, equalValues } from "./model/compare.ts";
export { compareIdWords, formatId, type Id, IdColumn, isId, parseId } from "./model/id.ts";
export {
  compareKeys,
  type FieldRange,
  indexKey,
  type KeyRange,
  keyRange,
  maxIndexKeyBytes,
} from "./model/index-key.ts";
export { isLevel, type Level } from "./model/level.ts";
export { fromTaggedJson, type JsonValue, toTaggedJson } from "./model/tagged-json.ts";
export type { StoredValue } from "./model/value-kind.ts";
export type {
  Cache,
  CacheAnswer,
  CacheCounters,
  CacheListener,
  CacheSupports,
  CacheVersion,
  FillLease,
  Invalidation,
} from "./persistence/cache.ts";
export type { Change, CommitRecord, Guard, Guards, Token } from "./persistence/change.ts";
export { checkedStore } from "./persistence/checked-store.ts";
export { type RowView, rowsOf, viewsOf } from "./persistence/row-view.ts";
export {
  AdjacencyRows,
  EdgeRows,
  type FieldData,
  missingId,
  NodeRows,
  type RecordUpdate,
  RowDamage,
} from "./persistence/rows.ts";
export type {
  AdjacencyAnswer,
  AdjacencyRequest,
  ChangePage,
  CommitBatch,
  CommitOutcome,
  EdgePage,
  LentIds,
  LookupRequest,
  NodePage,
  OpenedStore,
  ScanRequest,
  Store,
  StoreCounters,
  StoreSnapshot,
  StoreSupports,
  Tally,
  TallyRequest,
} from "./persistence/store.ts";
export {
  type CatalogDescription,
  emptyCatalog,
  type FieldDescription,
  type HistoryDescription,
  type IndexDescription,
  joinCatalogs,
  type ShapeDescription,
  type StepDescription,
  type TypeDescription,
} from "./schema/catalog-description.ts";
export { andThen, isThenable, type MaybePromise } from "./util/maybe-async.ts";
