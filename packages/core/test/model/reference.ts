// A graph as Maps, with access control: what the library's answers are held against, whatever was done before.
// It imports nothing of the library, knows no index, no cache and no store, and reads everything each time.

export const levels = ["none", "read", "connect", "write"] as const;
export type LevelName = (typeof levels)[number];
const [NONE, READ, CONNECT, WRITE] = [0, 1, 2, 3];

export type NodeType = "Root" | "Item" | "Special" | "Place";
export type EdgeType = "Link" | "Strong" | "Near";
export type Fields = Readonly<Record<string, unknown>>;

const bases: Readonly<Record<string, string>> = { Special: "Item", Strong: "Link" };
const isA = (type: string, asked: string): boolean => type === asked || bases[type] === asked;

export interface RefRecord {
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  readonly source?: string;
  readonly target?: string;
  all: number;
  roots: ReadonlyMap<string, number>;
  fields: Fields;
}

/** Who asks: the id of a root; `undefined` is the system root. */
export type Principal = string | undefined;

export interface Find {
  readonly type: "Item" | "Special" | "Place";
  /** Of Items. */
  readonly rank?: readonly ["eq" | "gte" | "lt", number] | undefined;
  readonly order?: "asc" | "desc" | undefined;
  readonly isReverse?: boolean;
  readonly limit?: number | undefined;
}

export interface Hop {
  readonly direction: "out" | "in" | "both";
  readonly edge?: EdgeType | undefined;
  readonly minWeight?: number | undefined;
  readonly node?: "Item" | "Special" | "Place" | undefined;
  readonly minRank?: number | undefined;
}

export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const denied = (): never => {
  throw new Refused("RW_ACCESS_DENIED");
};

/** Insertion order of both Maps is the order of ids: records are made one after another. */
export class Reference {
  readonly nodes: Map<string, RefRecord>;
  readonly edges: Map<string, RefRecord>;
  readonly system: string;
  /** Of the unit of work that this is the state of. */
  readonly #made: Set<string> = new Set();

  constructor(system: string, nodes = new Map<string, RefRecord>(), edges = new Map<string, RefRecord>()) {
    this.system = system;
    this.nodes = nodes;
    this.edges = edges;
  }

  /** The state of a unit of work that begins here. */
  fork(): Reference {
    const copy = (records: Map<string, RefRecord>) =>
      new Map(Array.from(records, ([id, record]) => [id, { ...record }]));
    return new Reference(this.system, copy(this.nodes), copy(this.edges));
  }

  /** The unit has been committed: what it made is like everything else. */
  settled(): this {
    this.#made.clear();
    return this;
  }

  // ---- access

  level(me: Principal, record: RefRecord): number {
    if (me === undefined || record.owner === me || this.#made.has(record.id)) return WRITE;
    const owner = this.nodes.get(record.owner)!;
    return record.roots.get(me) ?? owner.roots.get(me) ?? Math.max(record.all, owner.all);
  }

  sees(me: Principal, record: RefRecord | undefined): record is RefRecord {
    if (record === undefined || this.level(me, record) < READ) return false;
    if (record.source === undefined) return true;
    return this.sees(me, this.nodes.get(record.source)) && this.sees(me, this.nodes.get(record.target!));
  }

  /** What this principal may see by this id. */
  find(me: Principal, id: string): RefRecord | undefined {
    const record = this.nodes.get(id) ?? this.edges.get(id);
    return this.sees(me, record) ? record : undefined;
  }

  // ---- writes; the caller has found what they are about

  addRoot(id: string): void {
    this.nodes.set(id, { id, type: "Root", owner: id, all: NONE, roots: new Map(), fields: {} });
  }

  mayConnect(me: Principal, ...ends: readonly RefRecord[]): void {
    for (const end of ends) if (this.level(me, end) < CONNECT) denied();
  }

  addNode(me: Principal, id: string, type: NodeType, fields: Fields): void {
    this.#made.add(id);
    this.nodes.set(id, { id, type, owner: me ?? this.system, all: NONE, roots: new Map(), fields });
  }

  addEdge(me: Principal, id: string, type: EdgeType, source: string, target: string, fields: Fields): void {
    this.#made.add(id);
    const owner = me ?? this.system;
    this.edges.set(id, { id, type, owner, all: READ, roots: new Map(), source, target, fields });
  }

  edit(me: Principal, record: RefRecord, change: (fields: Fields) => Fields): void {
    if (this.level(me, record) < WRITE) denied();
    record.fields = { ...record.fields, ...change(record.fields) };
  }

  mayGrant(me: Principal, record: RefRecord): void {
    if (this.level(me, record) < WRITE) denied();
  }

  mayRemove(me: Principal, record: RefRecord): void {
    if (this.level(me, record) === WRITE) return;
    if (record.source === undefined) denied();
    const ends = [this.nodes.get(record.source!)!, this.nodes.get(record.target!)!];
    if (!ends.some((end) => this.level(me, end) === WRITE)) denied();
  }

  remove({ id }: RefRecord): void {
    this.edges.delete(id);
    if (!this.nodes.delete(id)) return;
    for (const edge of this.edges.values())
      if (edge.source === id || edge.target === id) this.edges.delete(edge.id);
  }

  removeRoot(id: string): void {
    for (const record of [...this.edges.values(), ...this.nodes.values()])
      if (record.owner === id) this.remove(record);
  }

  /** Unique keys, as they are looked at when a unit commits: names of Items, codes of Places by owner. */
  hasTakenKey(): boolean {
    const taken = new Set<string>();
    for (const { type, owner, fields } of this.nodes.values()) {
      if (type === "Root") continue;
      const key = type === "Place" ? `${owner} ${fields.code}` : `${fields.name}`;
      if (taken.has(key)) return true;
      taken.add(key);
    }
    return false;
  }

  // ---- queries

  all(me: Principal, { type, rank, order, isReverse = false, limit }: Find): RefRecord[] {
    const found = [...this.nodes.values()].filter(
      (node) => isA(node.type, type) && this.sees(me, node) && passes(node.fields.rank, rank),
    );
    return arranged(found, order, isReverse).slice(0, limit);
  }

  edgesOf(me: Principal, type: EdgeType): RefRecord[] {
    return [...this.edges.values()].filter((edge) => isA(edge.type, type) && this.sees(me, edge));
  }

  /** Where the hops lead from one node; each node once a hop. */
  hop(me: Principal, from: string, hops: readonly Hop[]): RefRecord[] {
    let frontier = [from];
    for (const hop of hops) {
      const met = new Set<string>();
      for (const origin of frontier) for (const { far } of this.around(me, origin, hop)) met.add(far);
      frontier = [...met];
    }
    return frontier.map((id) => this.nodes.get(id)!);
  }

  around(me: Principal, origin: string, hop: Hop): { edge: RefRecord; far: string }[] {
    const { direction, edge: asked = "any", minWeight, node, minRank } = hop;
    const found: { edge: RefRecord; far: string }[] = [];
    for (const edge of this.edges.values()) {
      if (asked !== "any" && !isA(edge.type, asked)) continue;
      if (minWeight !== undefined && !((edge.fields.weight as number) >= minWeight)) continue;
      const isEither = direction === "both" || edge.type === "Near";
      const leaves = edge.source === origin && (isEither || direction === "out");
      const arrives = edge.target === origin && (isEither || direction === "in");
      if ((!leaves && !arrives) || !this.sees(me, edge)) continue;
      const far = edge.source === origin ? edge.target! : edge.source!;
      const { type, fields } = this.nodes.get(far)!;
      if (node !== undefined && !isA(type, node)) continue;
      if (minRank !== undefined && !((fields.rank as number) >= minRank)) continue;
      found.push({ edge, far });
    }
    return found;
  }
}

function passes(rank: unknown, test: Find["rank"]): boolean {
  if (test === undefined) return true;
  if (typeof rank !== "number") return false;
  const [op, value] = test;
  return op === "eq" ? rank === value : op === "gte" ? rank >= value : rank < value;
}

/** Absent last, ties in the order of ids. */
function arranged(found: RefRecord[], order: Find["order"], isReverse: boolean): RefRecord[] {
  if (order === undefined) return isReverse ? found.reverse() : found;
  const sign = (order === "desc") !== isReverse ? -1 : 1;
  return found.sort((left, right) => {
    const [l, r] = [left.fields.rank, right.fields.rank] as (number | undefined)[];
    if (l === undefined || r === undefined) return Number(l === undefined) - Number(r === undefined);
    return (l - r) * sign;
  });
}
