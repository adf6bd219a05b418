// Who may see and do what, written down once more as simply as can be: plain objects, whole scans, no caches.
// Imports nothing from src, so it can tell when the library is wrong.

export type Level = "none" | "read" | "connect" | "write";

export const levels: readonly Level[] = ["none", "read", "connect", "write"];

/** Access rule of a type: what `me` may do as the fields alone tell; `undefined` leaves it to grants. */
export type Rule = (fields: Readonly<Record<string, unknown>>, me: string) => Level | undefined;

export interface ReferenceRecord {
  readonly id: string;
  readonly kind: "node" | "edge";
  readonly type: string;
  /** Id of its owner root; a root's own. */
  readonly owner: string;
  /** Of edges: ids of both ends. */
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  fields: Record<string, unknown>;
  all: Level;
  roots: Record<string, Level>;
  /** Who has created it in the unit of work that is looking. */
  createdBy?: string | undefined;
}

export interface ReferenceType {
  readonly parent?: string | undefined;
  readonly rule?: Rule | undefined;
  readonly undirected?: boolean | undefined;
}

export interface HopQuestion {
  readonly direction: "out" | "in" | "both";
  readonly edgeType?: string | undefined;
  readonly nodeType?: string | undefined;
  readonly edgeTest?: ((fields: Readonly<Record<string, unknown>>) => boolean) | undefined;
  readonly nodeTest?: ((fields: Readonly<Record<string, unknown>>) => boolean) | undefined;
}

export interface ReferencePair {
  readonly edge: string;
  readonly node: string;
}

export function atLeast(actual: Level, required: Level): boolean {
  return levels.indexOf(actual) >= levels.indexOf(required);
}

export function greater(left: Level, right: Level): Level {
  return atLeast(left, right) ? left : right;
}

/** Every record in the order of creation, which is the order of ids. */
export class ReferenceGraph {
  readonly system: string;
  readonly types: Readonly<Record<string, ReferenceType>>;
  readonly records: ReferenceRecord[] = [];
  readonly #byId: Map<string, ReferenceRecord> = new Map();

  constructor(system: string, types: Readonly<Record<string, ReferenceType>>) {
    this.system = system;
    this.types = types;
  }

  copy(): ReferenceGraph {
    const copy = new ReferenceGraph(this.system, this.types);
    for (const record of this.records)
      copy.add({ ...record, fields: { ...record.fields }, roots: { ...record.roots } });
    return copy;
  }

  add(record: ReferenceRecord): ReferenceRecord {
    this.records.push(record);
    this.#byId.set(record.id, record);
    return record;
  }

  /** A deleted node takes its edges with it. */
  remove(id: string): void {
    const gone = (record: ReferenceRecord): boolean =>
      record.id === id || record.source === id || record.target === id;
    for (let i = this.records.length - 1; i >= 0; i--) {
      const record = this.records[i] as ReferenceRecord;
      if (!gone(record)) continue;
      this.records.splice(i, 1);
      this.#byId.delete(record.id);
    }
  }

  find(id: string): ReferenceRecord | undefined {
    return this.#byId.get(id);
  }

  isA(type: string, ancestor: string): boolean {
    for (let name: string | undefined = type; name !== undefined; name = this.types[name]?.parent)
      if (name === ancestor) return true;
    return false;
  }

  // ---- the decision procedure --------------------------------------------------------------------------------

  levelOf(record: ReferenceRecord, me: string): Level {
    // 1
    if (me === this.system || me === record.owner || record.createdBy === me) return "write";
    // 2
    const ruled = this.types[record.type]?.rule?.(record.fields, me);
    if (ruled !== undefined) return ruled;
    // 3
    const ownerRoot = this.find(record.owner);
    if (ownerRoot === undefined) return "none";
    let level = greater(record.all, ownerRoot.all);
    if (ownerRoot.roots[me] !== undefined) level = ownerRoot.roots[me];
    if (record.roots[me] !== undefined) level = record.roots[me];
    return level;
  }

  /** The clause that decides `levelOf`, by the names of the library. */
  stepOf(record: ReferenceRecord, me: string): string {
    if (me === this.system && record.createdBy !== me) return "system-root";
    if (record.createdBy === me) return "created-here";
    if (me === record.owner) return "owner";
    if (this.types[record.type]?.rule?.(record.fields, me) !== undefined) return "rule";
    const ownerRoot = this.find(record.owner);
    if (ownerRoot === undefined) return "owner-deleted";
    if (record.roots[me] !== undefined) return "record-entry";
    if (ownerRoot.roots[me] !== undefined) return "owner-entry";
    return greater(ownerRoot.all, record.all) === record.all ? "record-all" : "owner-all";
  }

  level(id: string, me: string): Level {
    const record = this.find(id);
    return record === undefined ? "none" : this.levelOf(record, me);
  }

  /** A node is seen where it may be read, an edge where it and both its ends may. */
  sees(id: string, me: string): boolean {
    const record = this.find(id);
    if (record === undefined || this.levelOf(record, me) === "none") return false;
    if (record.kind === "node") return true;
    return this.sees(record.source as string, me) && this.sees(record.target as string, me);
  }

  mayChange(id: string, me: string): boolean {
    return this.sees(id, me) && this.level(id, me) === "write";
  }

  mayRemoveEdge(id: string, me: string): boolean {
    const edge = this.find(id) as ReferenceRecord;
    return [edge.id, edge.source as string, edge.target as string].some(
      (each) => this.level(each, me) === "write",
    );
  }

  mayConnect(source: string, target: string, me: string): boolean {
    return [source, target].every((end) => atLeast(this.level(end, me), "connect"));
  }

  // ---- what is seen ------------------------------------------------------------------------------------------

  /** Ids of the records of a type that are seen and pass, oldest first. */
  extent(
    type: string,
    me: string,
    test: (fields: Readonly<Record<string, unknown>>) => boolean = () => true,
  ): string[] {
    return this.records
      .filter((record) => this.isA(record.type, type) && this.sees(record.id, me) && test(record.fields))
      .map(({ id }) => id);
  }

  /** Every edge that the hop follows from one node, each with its far node. */
  pairsFrom(origin: string, question: HopQuestion, me: string): ReferencePair[] {
    if (!this.sees(origin, me)) return [];
    const pairs: ReferencePair[] = [];
    for (const edge of this.records) {
      if (edge.kind !== "edge" || !this.sees(edge.id, me)) continue;
      if (question.edgeType !== undefined && !this.isA(edge.type, question.edgeType)) continue;
      if (question.edgeTest !== undefined && !question.edgeTest(edge.fields)) continue;
      const isBoth = question.direction === "both" || this.types[edge.type]?.undirected === true;
      let far: string | undefined;
      if (edge.source === origin && (isBoth || question.direction === "out")) far = edge.target;
      else if (edge.target === origin && (isBoth || question.direction === "in")) far = edge.source;
      if (far === undefined) continue;
      const node = this.find(far) as ReferenceRecord;
      if (question.nodeType !== undefined && !this.isA(node.type, question.nodeType)) continue;
      if (question.nodeTest !== undefined && !question.nodeTest(node.fields)) continue;
      pairs.push({ edge: edge.id, node: far });
    }
    return pairs;
  }

  pairs(origins: readonly string[], question: HopQuestion, me: string): ReferencePair[] {
    return origins.flatMap((origin) => this.pairsFrom(origin, question, me));
  }

  hop(origins: readonly string[], question: HopQuestion, me: string): string[] {
    return [...new Set(this.pairs(origins, question, me).map(({ node }) => node))];
  }

  /** Breadth first; what lies between is passed whatever its type and fields. */
  deep(origin: string, question: HopQuestion, min: number, max: number, me: string): string[] {
    if (!this.sees(origin, me)) return [];
    const { nodeType, nodeTest, ...passing } = question;
    const met = new Set([origin]);
    const found = min === 0 ? [origin] : [];
    let frontier = [origin];
    for (let depth = 1; depth <= max && frontier.length > 0; depth++) {
      frontier = this.hop(frontier, passing, me).filter((node) => !met.has(node));
      for (const node of frontier) met.add(node);
      if (depth >= min) found.push(...frontier);
    }
    return found.filter((id) => {
      const node = this.find(id) as ReferenceRecord;
      return (nodeType === undefined || this.isA(node.type, nodeType)) && (nodeTest?.(node.fields) ?? true);
    });
  }
}
