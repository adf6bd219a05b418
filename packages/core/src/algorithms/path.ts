import { handOut } from "../query/query.ts";
import type { EdgeEntity, NodeEntity } from "../schema/entity.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";

/** A path by slots: its nodes, and the edge from each to the next one. */
export interface Way {
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly weight: number;
}

/** A path as it is handed out. */
export interface FoundPath {
  readonly start: NodeEntity;
  readonly end: NodeEntity;
  readonly nodes: readonly NodeEntity[];
  readonly edges: readonly EdgeEntity[];
  readonly weight: number;
}

/** Records for the slots of a path. */
export function handOutPath(unit: Unit, { nodes, edges, weight }: Way): MaybePromise<FoundPath> {
  const given = { nodes: [...nodes], edges: undefined };
  return andThen(handOut(unit, given, "nodes"), (nodeRecords) =>
    andThen(handOut(unit, { nodes: [...nodes], edges: [...edges] }, "edges"), (edgeRecords) => ({
      start: nodeRecords[0] as NodeEntity,
      end: nodeRecords[nodeRecords.length - 1] as NodeEntity,
      nodes: nodeRecords as NodeEntity[],
      edges: edgeRecords as EdgeEntity[],
      weight,
    })),
  );
}
