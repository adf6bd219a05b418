export { toDOT, toMermaid } from "./diagram/draw.ts";
export * from "./errors.ts";
export { openGraph, openUntyped, systemRootId } from "./graph/open-graph.ts";
export type { AccessRecord } from "./model/access-record.ts";
export { type Id, isId } from "./model/id.ts";
export type { Level } from "./model/level.ts";
export {
  and,
  contains,
  eq,
  gt,
  gte,
  lt,
  lte,
  ne,
  not,
  type Op,
  oneOf,
  or,
  type RecordFilter,
  type RecordOp,
  startsWith,
} from "./model/operator.ts";
export { checkedStore } from "./persistence/checked-store.ts";
export { memory } from "./persistence/memory-store.ts";
export { Edge, edge, via } from "./schema/edge.ts";
export { withDefault } from "./schema/field.ts";
export { node, Root } from "./schema/node.ts";
export type * from "./types/changes.ts";
export type * from "./types/check.ts";
export type * from "./types/diagram.ts";
export type * from "./types/evolution.ts";
export type * from "./types/explanation.ts";
export type * from "./types/graph-types.ts";
export type * from "./types/history.ts";
export type * from "./types/infer.ts";
export type * from "./types/session.ts";
export type * from "./types/stop-signal.ts";
export type * from "./types/walk-trace.ts";
export type * from "./types/walker.ts";
export type { Scheduler } from "./unit/scheduler.ts";
export { handlers } from "./walker/handlers.ts";
export { walker } from "./walker/walker.ts";
