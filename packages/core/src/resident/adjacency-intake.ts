import type { AdjacencyRows } from "../persistence/rows.ts";

/** An answer that is being taken in, with what was found out of the far ends and heads that its rows share. */
export class AdjacencyIntake {
  readonly rows: AdjacencyRows;
  /** By place: slots of far ends, -1 where they have not been looked for. */
  readonly farSlots: Int32Array;
  /** By place: numbers of edge types, 0 where they have not been looked for. */
  readonly edgeTypes: Uint16Array;
  /** By place, where the type is there: the access class of an edge. */
  readonly edgeClasses: Int32Array;

  constructor(rows: AdjacencyRows) {
    this.rows = rows;
    this.farSlots = new Int32Array(rows.farTypes.length).fill(-1);
    this.edgeTypes = new Uint16Array(rows.edgeTypes.length);
    this.edgeClasses = new Int32Array(rows.edgeTypes.length);
  }

  /** Records were let go: slots that were found may be others' by now. */
  forgetSlots(): void {
    this.farSlots.fill(-1);
  }
}
