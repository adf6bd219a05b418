import { compareIdWords, type Id, parseId } from "../model/id.ts";
import type { Change } from "../persistence/change.ts";
import { EdgeRows, NodeRows } from "../persistence/rows.ts";
import { type AppliedChange, CREATED, EDGE, NODE, type RecordKind } from "./change-log.ts";
import type { RecordState } from "./record-table.ts";

/**
 * Records that a unit adds and never looks at: rows for the store, of which L1 keeps nothing. A load of millions would
 * drive everything else out of it, and making them resident took longer than all the rest of core's part in them.
 */
export class Additions {
  readonly nodes: NodeRows = new NodeRows();
  readonly edges: EdgeRows = new EdgeRows();

  /** The place of a node among `nodes`, -1 where it is none of them. */
  placeOf(id: Id): number {
    const asked = new Int32Array(4);
    if (!parseId(id, asked)) return -1;
    const { words } = this.nodes.ids;
    for (let i = 0; i < this.nodes.length; i++) if (compareIdWords(words, i << 2, asked, 0) === 0) return i;
    return -1;
  }
}

/** One of them, for those who follow commits: it is told as other processes' records are, which L1 has not either. */
export class AddedRecord implements AppliedChange {
  readonly kind: RecordKind;
  readonly op: number = CREATED;
  readonly type: number;
  readonly slot: number = -1;
  readonly before: undefined = undefined;
  readonly after: RecordState;
  readonly source: number;
  readonly target: number;
  readonly #rows: NodeRows | EdgeRows;
  readonly #at: number;

  constructor(
    rows: NodeRows | EdgeRows,
    at: number,
    type: number,
    after: RecordState,
    source: number,
    target: number,
  ) {
    this.kind = rows instanceof EdgeRows ? EDGE : NODE;
    this.type = type;
    this.after = after;
    this.source = source;
    this.target = target;
    this.#rows = rows;
    this.#at = at;
  }

  get id(): Id {
    return this.#rows.ids.at(this.#at);
  }

  get told(): Change {
    const rows = this.#rows;
    const at = this.#at;
    const ends =
      rows instanceof EdgeRows ? { source: rows.sources.at(at), target: rows.targets.at(at) } : undefined;
    return {
      kind: ends === undefined ? "node" : "edge",
      op: "create",
      id: this.id,
      type: rows.types[at]!,
      dataVersion: 1,
      accessVersion: 1,
      source: ends?.source,
      target: ends?.target,
    };
  }
}
