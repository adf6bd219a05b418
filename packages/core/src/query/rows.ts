import { NODE, type RecordKind } from "../resident/change-log.ts";
import { damageCount } from "../resident/states.ts";
import { NOW } from "../unit/pending.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import { youngArray } from "../util/young-array.ts";
import type { Row, RowShape } from "./row-shape.ts";
import { hasWritten } from "./run-hop.ts";
import type { Selection } from "./select.ts";
import { withStates } from "./with-states.ts";

/** Records that are shown between two looks at the clock. */
const STRETCH = 1024;

/** Rows, and beside each the place among the slots of the record that it shows. */
export interface PlacedRows {
  readonly rows: Row[];
  /** `undefined` where every slot has its row. */
  readonly places: number[] | undefined;
}

/**
 * What the shape says of each record, in order; what vanished while it was read is left out. The fields that are shown
 * are guarded, each record's as it is read.
 * @param slots must not change any more
 */
export function rowsOf(
  unit: Unit,
  kind: RecordKind,
  slots: readonly number[],
  { fields, maker }: RowShape,
): MaybePromise<PlacedRows> {
  const { resident } = unit.runtime;
  const table = unit.table(kind);
  const ends = resident.nodes;
  const rows = youngArray<Row>();
  const read = unit.readSet.addFields(kind, fields, slots);
  if (damageCount.seen === 0 && !hasWritten(unit)) {
    for (let to = 0; to === read.count && to < slots.length && (to === 0 || !unit.isSliceOver()); ) {
      to = Math.min(slots.length, to + STRETCH);
      read.count = maker.fill(slots, read.count, to, table, ends, rows);
    }
    if (read.count === slots.length) return { rows, places: undefined };
  }
  const from = read.count;
  const places: number[] = [...rows.keys()];
  const rest = from === 0 ? slots : slots.slice(from);
  return andThen(
    withStates(unit, kind, rest, NOW, (at, state) => {
      const slot = rest[at]!;
      read.count = from + at + 1;
      if (fields.length > 0) unit.refuseDamaged(kind, slot, state);
      places.push(from + at);
      rows.push(maker.make(table, slot, state, ends));
    }),
    () => ({ rows, places: rows.length === slots.length ? undefined : places }),
  );
}

/** Makes plain data of what a query has found. */
export interface RowReader {
  read(unit: Unit, found: Selection): MaybePromise<Row[]>;
  /** What it shows, as a query prints it. */
  readonly text: string;
}

/** Rows of nodes, or of edges. */
export class RecordRows implements RowReader {
  readonly #kind: RecordKind;
  readonly #shape: RowShape;

  constructor(kind: RecordKind, shape: RowShape) {
    this.#kind = kind;
    this.#shape = shape;
  }

  get text(): string {
    return this.#shape.names.join(", ");
  }

  read(unit: Unit, found: Selection): MaybePromise<Row[]> {
    return andThen(this.readPlaced(unit, found), ({ rows }) => rows);
  }

  readPlaced(unit: Unit, { nodes, edges }: Selection): MaybePromise<PlacedRows> {
    return rowsOf(unit, this.#kind, this.#kind === NODE ? nodes : edges!, this.#shape);
  }
}

/** Rows of edges, each with the row of the node it leads to. */
export class PairRows implements RowReader {
  readonly #edges: RecordRows;
  readonly #nodes: RecordRows;

  constructor(edges: RecordRows, nodes: RecordRows) {
    this.#edges = edges;
    this.#nodes = nodes;
  }

  get text(): string {
    return `edge: ${this.#edges.text}; node: ${this.#nodes.text}`;
  }

  read(unit: Unit, found: Selection): MaybePromise<Row[]> {
    return andThen(this.#nodes.readPlaced(unit, found), (far) =>
      andThen(this.#edges.readPlaced(unit, found), (near) => {
        const nodes = inPlace(far, found.nodes.length);
        const edges = inPlace(near, found.nodes.length);
        const pairs = youngArray<Row>();
        for (let i = 0; i < nodes.length; i++) {
          const node = nodes[i];
          const edge = edges[i];
          if (node !== undefined && edge !== undefined) pairs.push({ edge, node });
        }
        return pairs;
      }),
    );
  }
}

function inPlace({ rows, places }: PlacedRows, length: number): (Row | undefined)[] {
  if (places === undefined) return rows;
  const all: (Row | undefined)[] = new Array(length).fill(undefined);
  for (let i = 0; i < places.length; i++) all[places[i]!] = rows[i];
  return all;
}
