// To and from other forms. Apps that do not import it carry nothing of it.
export { exportJsonl } from "./interchange/export-jsonl.ts";
export {
  type ImportOptions,
  type ImportProgress,
  type ImportReport,
  importJsonl,
} from "./interchange/import-jsonl.ts";
export type { ReadableStreamLike, TextSource } from "./interchange/text-lines.ts";
