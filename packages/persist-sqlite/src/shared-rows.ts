import { AdjacencyRows } from "@rootwalk/core/store";
import type { SqlValue } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { Head } from "./row-codec.ts";

/**
 * An answer about neighbourhoods while it is put together: each far end and each head stands in it once, or nearly so,
 * which halves what a row costs here and where it is taken in.
 */
export class SharedRows {
  readonly #file: SqliteFile;
  readonly #head: Head = new Head();
  #rows: AdjacencyRows = new AdjacencyRows();
  #lastHead: SqlValue | undefined;
  #lastHeadPlace = -1;
  /** By place in `KnownNodes`: where a far end stands in the rows, plus the base; what is below the base is not in them. */
  #farEnds: Int32Array = new Int32Array(1_024);
  #base = 1;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  get rows(): AdjacencyRows {
    return this.#rows;
  }

  begin(): void {
    this.forgetFarEnds();
    this.#rows = new AdjacencyRows();
    this.#lastHead = undefined;
  }

  end(): AdjacencyRows {
    const rows = this.#rows;
    this.forgetFarEnds();
    this.#rows = new AdjacencyRows();
    return rows;
  }

  /** Places in `KnownNodes` may be others' by now. */
  forgetFarEnds(): void {
    this.#base += this.#rows.farTypes.length;
    if (this.#base < 2 ** 30) return;
    this.#base = 1;
    this.#farEnds.fill(0);
  }

  /** The place of an edge's head, negative where its type is not known. @param value what `headSql` gave */
  headOf(value: SqlValue): number {
    if (value === this.#lastHead) return this.#lastHeadPlace;
    const { access, catalog, ids } = this.#file;
    const head = this.#head;
    head.read(value);
    const type = catalog.type(head.type);
    this.#lastHead = value;
    this.#lastHeadPlace = -1;
    if (type === undefined) return -1;
    ids.pushOwner(this.#rows.edgeOwners, head.owner);
    this.#lastHeadPlace = this.#rows.pushHead(
      type.description.name,
      access.decode(head.access, "edge"),
      head.dataVersion,
      head.accessVersion,
      head.shape,
    );
    return this.#lastHeadPlace;
  }

  /** The place of the far end that stands at a place of `KnownNodes`, negative where its type is not known. */
  farAt(known: number): number {
    const place = (this.#farEnds[known] ?? 0) - this.#base;
    return place >= 0 ? place : this.#add(known);
  }

  #add(known: number): number {
    const { access, catalog, ids, known: nodes } = this.#file;
    const head = this.#head;
    head.readFar(nodes.headAt(known));
    const type = catalog.type(head.type);
    if (type === undefined) return -1;
    nodes.pushAt(this.#rows.farIds, known);
    ids.pushOwner(this.#rows.farOwners, head.owner);
    const place = this.#rows.pushFar(
      type.description.name,
      access.decode(head.access, "node"),
      head.accessVersion,
    );
    if (known >= this.#farEnds.length) {
      const wider = new Int32Array(Math.max(known + 1, this.#farEnds.length * 2));
      wider.set(this.#farEnds);
      this.#farEnds = wider;
    }
    this.#farEnds[known] = this.#base + place;
    return place;
  }
}
