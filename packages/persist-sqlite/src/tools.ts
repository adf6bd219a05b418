// For tools: looks at files as they are, without the code of the app that wrote them and without changing anything.
export {
  checkFile,
  type FileCheck,
  type FileCheckOptions,
  type FileFinding,
  type Problem,
} from "./tools/check.ts";
export { type ExportReport, exportFile, exportVersion } from "./tools/export.ts";
export {
  type FileReport,
  type IndexReport,
  type InspectOptions,
  inspectFile,
  type TableReport,
  type TypeReport,
  type UnreadableReport,
} from "./tools/inspect.ts";
export type { ToolOptions } from "./tools/open-tool.ts";
