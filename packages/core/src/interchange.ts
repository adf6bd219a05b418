// To and from other forms. Apps that do not import it carry nothing of it.
export {
  type BlockPlace,
  BulkLoad,
  type BulkLoadFields,
  bulkLoad,
  edgeRow,
  type LoadKey,
  type LoadOptions,
  type LoadProgress,
  type LoadReport,
  type LoadRow,
  nodeRow,
  type RefusedRow,
} from "./interchange/bulk-load.ts";
export { exportJsonl } from "./interchange/export-jsonl.ts";
export { exportGexf } from "./interchange/gexf.ts";
export { exportGraphML } from "./interchange/graphml.ts";
export {
  type FromGraphologyOptions,
  fromGraphology,
  type GraphologySource,
  type GraphologyTarget,
  type TypedFields,
  toGraphology,
} from "./interchange/graphology.ts";
export {
  type ImportOptions,
  type ImportProgress,
  type ImportReport,
  importJsonl,
} from "./interchange/import-jsonl.ts";
export type { RecordSource, Records, SelectionOptions } from "./interchange/plain-records.ts";
export type { ReadableStreamLike, TextSource } from "./interchange/text-lines.ts";
export type { XmlOptions } from "./interchange/xml.ts";
