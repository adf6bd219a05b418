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

/** Results, and beside each the place of its record in what was found. What vanished while it was read has none. */
export interface Placed<T> {
  readonly results: T[];
  /** `undefined` where everything found has its result. */
  readonly places: readonly number[] | undefined;
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
  shape: RowShape,
): MaybePromise<Placed<Row>> {
  const { fields } = shape;
  const maker = shape.maker(slots.length);
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
    if (read.count === slots.length) return { results: rows, places: undefined };
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
    () => ({ results: rows, places: rows.length === slots.length ? undefined : places }),
  );
}

/** Makes of what a query has found what the caller gets. */
export interface ResultReader<T> {
  read(unit: Unit, found: Selection): MaybePromise<Placed<T>>;
}

/** Makes plain data of it. */
export interface RowReader extends ResultReader<Row> {
  /** What it shows, as a query prints it. */
  readonly text: string;
}

/** A property of rows that is read from each record by a query of its own. */
export interface NestedPart {
  readonly name: string;
  /** @returns a value for each of the nodes, in order */
  read(unit: Unit, nodes: readonly number[]): MaybePromise<readonly unknown[]>;
}

/** Rows of nodes, or of edges. */
export class RecordRows implements RowReader {
  readonly #kind: RecordKind;
  readonly #shape: RowShape;
  readonly #nested: readonly NestedPart[];

  constructor(kind: RecordKind, shape: RowShape, nested: readonly NestedPart[]) {
    this.#kind = kind;
    this.#shape = shape;
    this.#nested = nested;
  }

  get text(): string {
    return this.#shape.names.join(", ");
  }

  read(unit: Unit, { nodes, edges }: Selection): MaybePromise<Placed<Row>> {
    const slots = this.#kind === NODE ? nodes : edges!;
    const read = rowsOf(unit, this.#kind, slots, this.#shape);
    if (this.#nested.length === 0) return read;
    return andThen(read, (placed) => {
      const parents = placed.places === undefined ? slots : placed.places.map((place) => slots[place]!);
      const next = (at: number): MaybePromise<Placed<Row>> => {
        const part = this.#nested[at];
        if (part === undefined) return placed;
        return andThen(part.read(unit, parents), (values) => {
          for (let i = 0; i < values.length; i++) placed.results[i]![part.name] = values[i];
          return next(at + 1);
        });
      };
      return next(0);
    });
  }
}

/** Edges, each with the node it leads to, both made by readers of their own. */
export class PairReader<T> implements ResultReader<{ readonly edge: T; readonly node: T }> {
  readonly #edges: ResultReader<T>;
  readonly #nodes: ResultReader<T>;

  constructor(edges: ResultReader<T>, nodes: ResultReader<T>) {
    this.#edges = edges;
    this.#nodes = nodes;
  }

  read(unit: Unit, found: Selection): MaybePromise<Placed<{ readonly edge: T; readonly node: T }>> {
    return andThen(this.#nodes.read(unit, found), (far) =>
      andThen(this.#edges.read(unit, found), (near) => {
        const nodes = inPlace(far, found.nodes.length);
        const edges = inPlace(near, found.nodes.length);
        const results = youngArray<{ readonly edge: T; readonly node: T }>();
        const places = youngArray<number>();
        for (let i = 0; i < found.nodes.length; i++) {
          const node = nodes[i];
          const edge = edges[i];
          if (node === undefined || edge === undefined) continue;
          results.push({ edge, node });
          places.push(i);
        }
        return { results, places };
      }),
    );
  }
}

/** Rows of edges, each with the row of the node it leads to. */
export class PairRows extends PairReader<Row> implements RowReader {
  readonly text: string;

  constructor(edges: RecordRows, nodes: RecordRows) {
    super(edges, nodes);
    this.text = `edge: ${edges.text}; node: ${nodes.text}`;
  }
}

function inPlace<T>({ results, places }: Placed<T>, length: number): readonly (T | undefined)[] {
  if (places === undefined) return results;
  const all: (T | undefined)[] = new Array(length).fill(undefined);
  for (let i = 0; i < places.length; i++) all[places[i]!] = results[i];
  return all;
}
