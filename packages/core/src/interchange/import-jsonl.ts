import { GraphError, ValidationError } from "../errors.ts";
import { systemRootId, takeStore } from "../graph/open-graph.ts";
import { partsOf, type SessionCore } from "../graph/session.ts";
import { type AccessRecord, equalAccess } from "../model/access-record.ts";
import { type Id, IdColumn, IdSource } from "../model/id.ts";
import { IdTable, STORE } from "../model/id-table.ts";
import { indexKey } from "../model/index-key.ts";
import { readOptions } from "../model/options.ts";
import { canonicalText } from "../model/plain-json.ts";
import { describeKind } from "../model/value-kind.ts";
import type { Guards, Token } from "../persistence/change.ts";
import { checkedStore } from "../persistence/checked-store.ts";
import { pushRow } from "../persistence/copy-rows.ts";
import { EdgeRows, NodeRows, type RecordUpdate, RowDamage } from "../persistence/rows.ts";
import type { CommitOutcome, Store } from "../persistence/store.ts";
import { buildCatalog, type Catalog } from "../schema/catalog.ts";
import {
  type CatalogDescription,
  emptyCatalog,
  type IndexDescription,
  joinCatalogs,
} from "../schema/catalog-description.ts";
import type { RecordClass } from "../types/graph-types.ts";
import type { Graph } from "../types/session.ts";
import { type Scheduler, systemScheduler } from "../unit/scheduler.ts";
import { type ReadRecord, RecordReader, readHeader } from "./record-reader.ts";
import { linesOf, type TextSource, wrongLine } from "./text-lines.ts";

/** Options of `importJsonl`. */
export interface ImportOptions {
  /**
   * Of a store: the types of the code, whose validators every record passes. Records of other types are taken as they
   * are. An open graph has its own.
   */
  readonly types?: readonly RecordClass[];
  /**
   * What becomes of records that the export could not read, whose lines say why: `"refuse"` where nothing is said, or
   * `"leave out"`, edges that hang on them too.
   */
  readonly unreadable?: "refuse" | "leave out";
  /** Records in one commit; 4,000 where nothing is said. */
  readonly batch?: number;
  /** Told after each commit, or stretch of lines that was checked. What it throws ends the import there. */
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** How far an import has come. */
export interface ImportProgress {
  readonly step: "checking" | "writing";
  /** Lines read in this step. */
  readonly lines: number;
  /** Records that this step has written, or found to be right. */
  readonly nodes: number;
  readonly edges: number;
}

/** What an import did. */
export interface ImportReport {
  /** Records that were written. */
  readonly nodes: number;
  readonly edges: number;
  /** Records that were in the graph before, the same as their lines say. */
  readonly present: number;
  /** Records that the export could not read, and edges that hang on them. */
  readonly leftOut: number;
}

const usualBatch = 4_000;
const batchLength = 8 * 1024 * 1024;
/** Ids in one call of a store. */
const idsACall = 256;
/** How often a batch is offered while others change what it depends on. */
const attempts = 20;

/**
 * Takes in what `exportJsonl`, `exportFile` or `rootwalk export` wrote, ids, owners, access records and fields kept aside
 * included. Every record is validated; records that are in the graph already, the same, are passed over.
 *
 * - **Given a function that opens the lines** it reads them twice: all is checked before anything is written, so that a
 *   wrong line leaves nothing behind.
 * - **Given the lines themselves** it writes as it reads, in commits of whole batches: a wrong line drops its batch, and
 *   the error says how many records are in the graph.
 *
 * Either way, what was cut short is taken up by the same call with the same lines.
 *
 * ```ts
 * await importJsonl(graph, () => createReadStream("chat.jsonl"));
 * ```
 *
 * @param into an open graph, which must know every type that there are records of; or a store that no graph is open on,
 *   which gets the types and indexes of the export too
 * @throws {ValidationError} `RW_IMPORT_LINE` with `details.line`, `RW_IMPORT_FORMAT`, `RW_OPTION_INVALID`; {TypeError} for
 *   a session of a user, who cannot make records of others; {GraphError} as stores
 */
export async function importJsonl(
  into: Graph | Store,
  lines: TextSource | (() => TextSource),
  options: ImportOptions = {},
): Promise<ImportReport> {
  const settings = readSettings(options);
  const parts = partsOf(into);
  if (parts !== undefined) return importInto(parts, lines, settings);
  if (typeof (into as Partial<Store> | null)?.open !== "function")
    throw new TypeError(`importJsonl takes a graph or a store, got ${describeKind(into)}`);
  return importIntoStore(into as Store, lines, settings);
}

type Lines = TextSource | (() => TextSource);

async function importInto(
  { core, principal }: NonNullable<ReturnType<typeof partsOf>>,
  lines: Lines,
  settings: Settings,
): Promise<ImportReport> {
  if (!principal.isSystem)
    throw new TypeError(
      "importJsonl takes the graph itself: lines name owners, and a user makes records of its own alone",
    );
  if (settings.types !== undefined)
    throw new ValidationError({
      code: "RW_OPTION_INVALID",
      message: "importJsonl: `types` is for a store; an open graph has its own",
    });
  const target = new GraphTarget(core);
  core.enter();
  try {
    let checked: Checked | undefined;
    if (typeof lines === "function") checked = await new Import(target, settings, "checking").run(lines());
    const source = typeof lines === "function" ? lines() : lines;
    return (await new Import(target, settings, "writing", checked).run(source)).report;
  } finally {
    core.leave();
  }
}

async function importIntoStore(given: Store, lines: Lines, settings: Settings): Promise<ImportReport> {
  const release = takeStore("importJsonl", given);
  const target = new StoreTarget(given, settings.types ?? []);
  try {
    if (typeof lines !== "function") return (await new Import(target, settings, "writing").run(lines)).report;
    // By themselves first, and then beside what the store holds: one that gets nothing gets no types either.
    let checked = await new Import(target, settings, "checking").run(lines());
    await target.open(emptyCatalog);
    if (checked.hasStrays || (await target.isUsed()))
      checked = await new Import(target, settings, "checking").run(lines());
    return (await new Import(target, settings, "writing", checked).run(lines())).report;
  } finally {
    await target.close();
    release();
  }
}

type Step = ImportProgress["step"];

interface Settings {
  readonly types: readonly RecordClass[] | undefined;
  readonly leavesOut: boolean;
  readonly batch: number;
  readonly onProgress: ((progress: ImportProgress) => void) | undefined;
}

/** Where records go. */
interface Target {
  /** `undefined` as long as it is not open. */
  readonly store: Store | undefined;
  readonly scheduler: Scheduler;
  /** The types and indexes that the store has so far: fewer than `begin` says as long as lines are only checked. */
  readonly held: CatalogDescription;
  /** Opens what is not open yet. @returns the types as the target has them */
  begin(header: CatalogDescription, step: Step): Promise<Catalog>;
  nextUnit(): Id;
  /** Records with ids up to this one are in the store. */
  wrote(last: Id | undefined): Promise<void>;
}

class GraphTarget implements Target {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly #core: SessionCore;
  readonly #id: IdColumn = new IdColumn(1);

  constructor(core: SessionCore) {
    this.#core = core;
    this.store = core.runtime.store;
    this.scheduler = core.runtime.scheduler;
  }

  get held(): CatalogDescription {
    return this.#core.runtime.catalog.stored;
  }

  async begin(header: CatalogDescription): Promise<Catalog> {
    const { catalog } = this.#core.runtime;
    // Types that are another kind there are refused.
    joinCatalogs(catalog.stored, header);
    return catalog;
  }

  nextUnit(): Id {
    return this.#core.runtime.ids.nextId();
  }

  async wrote(last: Id | undefined): Promise<void> {
    const { ids, loader } = this.#core.runtime;
    if (last !== undefined) {
      this.#id.clear();
      this.#id.push(last);
      const [a, b, c, d] = this.#id.words as unknown as [number, number, number, number];
      ids.observe(a, b, c, d);
    }
    await loader.follower.catchUp();
  }
}

class StoreTarget implements Target {
  readonly scheduler: Scheduler = systemScheduler();
  readonly #store: Store;
  readonly #types: readonly RecordClass[];
  readonly #ids: IdSource = new IdSource();
  #wanted: CatalogDescription = emptyCatalog;
  #opened: CatalogDescription | undefined;

  get held(): CatalogDescription {
    return this.#opened ?? emptyCatalog;
  }

  constructor(store: Store, types: readonly RecordClass[]) {
    this.#store = checkedStore(store);
    this.#types = types;
  }

  get store(): Store | undefined {
    return this.#opened && this.#store;
  }

  async begin(header: CatalogDescription, step: Step): Promise<Catalog> {
    const catalog = buildCatalog(this.#types);
    this.#wanted = joinCatalogs(header, catalog.describe());
    if (step === "writing") await this.open(this.#wanted);
    catalog.adopt(joinCatalogs(this.held, this.#wanted));
    return catalog;
  }

  /** May be open already, with fewer types. */
  async open(wanted: CatalogDescription): Promise<void> {
    this.#opened = (await this.#store.open(wanted)).catalog;
  }

  /** Whether there is anything in it yet. */
  async isUsed(): Promise<boolean> {
    for (const { kind, name } of this.held.types)
      if (kind === "node" && (await holdsNodes(this.#store, name))) return true;
    return false;
  }

  nextUnit(): Id {
    return this.#ids.nextId();
  }

  async wrote(): Promise<void> {}

  async close(): Promise<void> {
    await this.#store.close();
  }
}

interface Checked {
  readonly report: ImportReport;
  /** Whether edges hang on nodes that no line has. */
  readonly hasStrays: boolean;
}

async function holdsNodes(store: Store, type: string): Promise<boolean> {
  const { rows } = await store.scan({ kind: "node", type, order: "asc", after: undefined, limit: 1 });
  return rows.length > 0;
}

/** Records of one commit, each with the number of its line. */
class Batch {
  nodes: NodeRows = new NodeRows();
  edges: EdgeRows = new EdgeRows();
  nodeLines: number[] = [];
  edgeLines: number[] = [];
  /** Edges of which an end was not among the lines before. */
  readonly strays: { readonly line: number; readonly edge: ReadRecord }[] = [];
  readonly updates: RecordUpdate[] = [];
  /** Where the system root's was, which only updates. */
  rootLine = 0;
  length = 0;

  get size(): number {
    return this.nodes.length + this.edges.length;
  }

  add(line: number, record: ReadRecord): void {
    const rows = record.kind === "edge" ? this.edges : this.nodes;
    rows.ids.push(record.id);
    rows.owners.push(record.owner);
    if (record.kind === "edge") {
      this.edges.sources.push(record.source);
      this.edges.targets.push(record.target);
      this.edgeLines.push(line);
    } else this.nodeLines.push(line);
    rows.push(record.type, record.access, 1, 1, record.shape, record.fields);
  }
}

/** One pass over the lines. */
class Import {
  readonly #target: Target;
  readonly #settings: Settings;
  readonly #step: Step;
  #store: Store | undefined;
  #hasStrays = false;
  #reader: RecordReader | undefined;
  #catalog: Catalog | undefined;
  /** Nodes met so far, by slot the number of their type: an edge must fit its ends. */
  readonly #nodes: IdTable = new IdTable();
  readonly #types: number[] = [];
  /** What an edge may hang on that is not in the graph: nodes that were left out. */
  readonly #leftOutNodes: IdTable = new IdTable();
  readonly #lastIds: { node: Id; edge: Id } = { node: "", edge: "" };
  /** Unique keys met so far, while lines are only checked: afterwards the store looks. */
  readonly #keys: Set<string> = new Set();
  readonly #heldTypes: Map<string, boolean> = new Map();
  /** Keys of the store's records by indexes that it is yet to get. */
  readonly #keysThere: Map<string, ReadonlySet<string>> = new Map();
  #token: Token = "";
  /** Whether earlier lines were in the graph already: then the next ones may be too. */
  #isResumed = false;
  #batch: Batch = new Batch();
  #lines = 0;
  #counts = { nodes: 0, edges: 0, present: 0, leftOut: 0 };

  /** @param checked what a check of the same lines said */
  constructor(target: Target, settings: Settings, step: Step, checked?: Checked) {
    this.#target = target;
    this.#settings = settings;
    this.#step = step;
    this.#isResumed = checked !== undefined && checked.report.present > 1;
  }

  async run(source: TextSource): Promise<Checked> {
    let isBegun = false;
    for await (const [line, text] of linesOf("importJsonl", source)) {
      if (!isBegun) {
        await this.#begin(text);
        isBegun = true;
      } else this.#take(line, text);
      this.#lines = line;
      if (this.#batch.size >= this.#settings.batch || this.#batch.length >= batchLength) await this.#flush();
    }
    if (!isBegun) readHeader("");
    await this.#flush();
    return { report: { ...this.#counts }, hasStrays: this.#hasStrays };
  }

  async #begin(text: string): Promise<void> {
    const header = readHeader(text);
    this.#catalog = await this.#target.begin(header, this.#step);
    this.#reader = new RecordReader(header, this.#catalog, systemRootId);
    this.#store = this.#target.store;
    if (this.#store !== undefined) this.#token = await this.#store.current();
  }

  #take(line: number, text: string): void {
    const record = this.#at(line, () => {
      const read = this.#reader!.read(text);
      if (read !== undefined) this.#inOrder(read);
      return read;
    });
    if (record === undefined) {
      this.#leaveOut(line, text);
      return;
    }
    if (record.kind === "node") {
      this.#know(record.id, this.#catalog!.findStored(record.type));
      if (this.#step === "checking") this.#at(line, () => this.#noteKeys(record));
    } else if (!this.#checkEnds(line, record)) return;
    this.#batch.add(line, record);
    this.#batch.length += text.length;
  }

  #inOrder({ kind, id }: ReadRecord): void {
    const last = this.#lastIds[kind];
    if (id > last) {
      this.#lastIds[kind] = id;
      return;
    }
    throw new ValidationError({
      code: "RW_IMPORT_LINE",
      message:
        id === last
          ? `there is a line of ${id} before`
          : `${id} comes after ${last}, which is greater: nodes are in the order of their ids, and edges are`,
    });
  }

  #leaveOut(line: number, text: string): void {
    const { node, edge, unreadable } = JSON.parse(text) as Record<string, unknown>;
    if (!this.#settings.leavesOut)
      throw this.#refusal(
        line,
        `the export could not read this record: ${String(unreadable)}`,
        undefined,
        'Mend it where it was exported, or give `unreadable: "leave out"`.',
      );
    if (edge === undefined) this.#at(line, () => this.#leftOutNodes.takeText(STORE, node as Id));
    this.#counts.leftOut += 1;
  }

  /** @returns false where the edge hangs on a node that was left out */
  #checkEnds(line: number, record: ReadRecord): boolean {
    const { source, target } = record;
    if (this.#leftOutNodes.size > 0)
      if (this.#leftOutNodes.findText(source) >= 0 || this.#leftOutNodes.findText(target) >= 0) {
        this.#counts.leftOut += 1;
        return false;
      }
    const from = this.#nodes.findText(source);
    const to = this.#nodes.findText(target);
    if (from < 0 || to < 0) this.#batch.strays.push({ line, edge: record });
    else this.#at(line, () => this.#fit(record.type, this.#types[from]!, this.#types[to]!));
    return true;
  }

  #fit(type: string, source: number, target: number): void {
    const catalog = this.#catalog!;
    catalog.checkEnds(catalog.definition(catalog.findStored(type)), source, target);
  }

  #know(id: Id, type: number): void {
    if (this.#nodes.findText(id) < 0) this.#types[this.#nodes.takeText(STORE, id)] = type;
  }

  /** A unique key that two lines have, found before either is written. */
  #noteKeys(record: ReadRecord): void {
    for (const index of this.#reader!.indexesOf(record.type)) {
      const values = index.fields.map((field) => record.fields[field]);
      if (!index.unique || values.includes(undefined)) continue;
      const key = `${index.name} ${keyText(index, values, record.owner)}`;
      if (this.#keys.has(key)) throw this.#taken(index.name, "the record of an earlier line");
      this.#keys.add(key);
    }
  }

  /** Writes the batch, or only sees to it that it could be written. */
  async #flush(): Promise<void> {
    const batch = this.#batch;
    if (batch.size > 0) {
      await this.#findEnds(batch);
      if (this.#step === "checking") await this.#check(batch);
      else await this.#write(batch);
      await new Promise<void>((resolve) => this.#target.scheduler.nextTurn(resolve));
    }
    this.#batch = new Batch();
    const { nodes, edges } = this.#counts;
    this.#settings.onProgress?.({ step: this.#step, lines: this.#lines, nodes, edges });
  }

  /** Ends that no line before has: they may be in the graph. */
  async #findEnds(batch: Batch): Promise<void> {
    if (batch.strays.length === 0) return;
    this.#hasStrays = true;
    // Without a store nobody can tell: the lines are checked once more when it is open.
    if (this.#store === undefined) return;
    const wanted = new Set<Id>();
    for (const { edge } of batch.strays) {
      wanted.add(edge.source);
      wanted.add(edge.target);
    }
    const found = new Map<Id, number>();
    for (const rows of await this.#read([...wanted], "nodes")) {
      for (let i = 0; i < rows.length; i++)
        found.set(rows.ids.at(i), this.#catalog!.findStored(rows.types[i]!));
    }
    // What stands on an earlier line of this very batch is not in the graph yet.
    const ownLines = new Map(batch.nodeLines.map((line, i) => [batch.nodes.ids.at(i), line]));
    const before = (id: Id, line: number): number | undefined => {
      const own = ownLines.get(id);
      if (own !== undefined) return own < line ? this.#types[this.#nodes.findText(id)] : undefined;
      const slot = this.#nodes.findText(id);
      return slot >= 0 ? this.#types[slot] : found.get(id);
    };
    for (const { line, edge } of batch.strays) {
      const [source, target] = [before(edge.source, line), before(edge.target, line)];
      for (const [end, type] of [
        ["source", source],
        ["target", target],
      ] as const)
        if (type === undefined)
          throw this.#refusal(
            line,
            `its ${end} ${edge[end]} is neither on a line before it nor in the graph`,
            undefined,
          );
      this.#at(line, () => this.#fit(edge.type, source!, target!));
      this.#know(edge.source, source!);
      this.#know(edge.target, target!);
    }
  }

  async #check(batch: Batch): Promise<void> {
    await this.#passOver(batch);
    await this.#checkKeys(batch);
    this.#counts.nodes += batch.nodes.length;
    this.#counts.edges += batch.edges.length;
  }

  /** Unique keys that records of the graph have. */
  async #checkKeys({ nodes, nodeLines }: Batch): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const { indexes } = this.#target.held;
    for (let i = 0; i < nodes.length; i++) {
      for (const index of this.#reader!.indexesOf(nodes.types[i]!)) {
        if (!index.unique || !(await this.#holdsAny(index.type))) continue;
        const fields = nodes.fields[i] as Readonly<Record<string, unknown>>;
        const equals = index.fields.map((field) => fields[field]);
        if (equals.includes(undefined)) continue;
        const owner = index.per === "owner" ? nodes.owners.at(i) : undefined;
        if (!indexes.some(({ name }) => name === index.name)) {
          if ((await this.#keysWithout(index)).has(keyText(index, equals, owner)))
            throw this.#refusal(nodeLines[i]!, "", this.#taken(index.name, "a record of the graph"));
          continue;
        }
        const { rows } = await store.lookup({
          index: index.name,
          equals,
          owner,
          order: "asc",
          limit: 1,
        });
        if (rows.length > 0)
          throw this.#refusal(nodeLines[i]!, "", this.#taken(index.name, "a record of the graph"), undefined);
      }
    }
  }

  /** The keys of the store's records in an index that it does not have yet. */
  async #keysWithout(index: IndexDescription): Promise<ReadonlySet<string>> {
    const known = this.#keysThere.get(index.name);
    if (known !== undefined) return known;
    const keys = new Set<string>();
    this.#keysThere.set(index.name, keys);
    for (const type of this.#heldUnder(index.type)) {
      let after: Id | undefined;
      for (let more = true; more; ) {
        const page = await this.#store!.scan({ kind: "node", type, order: "asc", after, limit: 1_000 });
        const { rows } = page;
        for (let i = 0; i < rows.length; i++) {
          const fields = rows.fields[i]!;
          if (fields instanceof RowDamage) continue;
          const values = index.fields.map((field) => fields[field]);
          if (!values.includes(undefined)) keys.add(keyText(index, values, rows.owners.at(i)));
        }
        if (rows.length > 0) after = rows.ids.at(rows.length - 1);
        more = page.more;
      }
    }
    return keys;
  }

  /** The types that are this one and that the store has. */
  #heldUnder(type: string): string[] {
    const catalog = this.#catalog!;
    const number = catalog.findStored(type);
    return this.#target.held.types
      .map(({ name }) => name)
      .filter((name) => catalog.isA(catalog.findStored(name), number));
  }

  /** Whether the store has records of the type, so that their keys may be taken. */
  async #holdsAny(type: string): Promise<boolean> {
    let held = this.#heldTypes.get(type);
    if (held === undefined) {
      held = false;
      for (const each of this.#heldUnder(type)) held ||= await holdsNodes(this.#store!, each);
      this.#heldTypes.set(type, held);
    }
    return held;
  }

  async #write(batch: Batch): Promise<void> {
    if (this.#isResumed) await this.#passOver(batch);
    for (let attempt = 1; batch.size + batch.updates.length > 0; attempt++) {
      const outcome = await this.#offer(batch);
      if (outcome.status === "committed") break;
      if (outcome.status === "leased")
        await new Promise<void>((resolve) => this.#target.scheduler.after(outcome.untilMs, resolve, true));
      else if (outcome.status === "duplicate") {
        // Where the record itself is there already, so is its key.
        const { size } = batch;
        await this.#passOver(batch);
        if (batch.size === size) throw this.#duplicate(batch, outcome);
      } else await this.#afterConflict(batch, attempt);
    }
    const { nodes, edges } = batch;
    this.#counts.nodes += nodes.length;
    this.#counts.edges += edges.length;
    const last = [nodes, edges].map(({ ids }) => (ids.length > 0 ? ids.at(ids.length - 1) : ""));
    await this.#target.wrote(last.sort().at(-1) || undefined);
  }

  async #offer({ nodes, edges, updates }: Batch): Promise<CommitOutcome> {
    const unitId = this.#target.nextUnit();
    const commit = { unitId, base: this.#token, guards: noGuards, nodes, edges, updates };
    const [outcome] = (await this.#store!.commit([commit])) as [CommitOutcome];
    if (outcome.status === "committed") this.#token = outcome.token;
    return outcome;
  }

  /** A record is there already, an end is gone, or was deleted and still is in the store's way. */
  async #afterConflict(batch: Batch, attempt: number): Promise<void> {
    const store = this.#store!;
    this.#token = await store.current();
    await this.#passOver(batch);
    await this.#regrantAnew(batch);
    const lines = new Map<Id, number>();
    for (let i = 0; i < batch.edges.length; i++)
      for (const ends of [batch.edges.sources, batch.edges.targets])
        if (!lines.has(ends.at(i))) lines.set(ends.at(i), batch.edgeLines[i]!);
    for (const id of batch.nodes.ids) lines.delete(id);
    const there = new Set<Id>();
    for (const rows of await this.#read([...lines.keys()], "nodes")) for (const id of rows.ids) there.add(id);
    for (const [id, line] of lines)
      if (!there.has(id)) throw this.#refusal(line, `its end ${id} was deleted meanwhile`, undefined);
    while (await store.purge(1_000));
    if (attempt >= attempts)
      throw this.#refusal(
        batch.nodeLines[0] ?? batch.edgeLines[0] ?? batch.rootLine,
        "others keep changing what this batch depends on",
        undefined,
      );
  }

  #duplicate(batch: Batch, { index, record }: CommitOutcome & { status: "duplicate" }): ValidationError {
    const at = [...batch.nodes.ids].indexOf(record);
    return this.#refusal(batch.nodeLines[at]!, "", this.#taken(index, "a record of the graph"));
  }

  #taken(index: string, by: string): ValidationError {
    const { type, fields } = this.#catalog!.describeIndex(index)!;
    return new ValidationError({
      code: "RW_UNIQUE",
      message: `${by} has the same ${fields.join(", ")}, which is unique for ${type}`,
      path: fields.slice(0, 1),
    });
  }

  /** Takes out of the batch what is in the graph already, and refuses what is there otherwise. */
  async #passOver(batch: Batch): Promise<void> {
    const nodes = await this.#absent(batch.nodes, batch.nodeLines, "nodes", batch);
    const edges = await this.#absent(batch.edges, batch.edgeLines, "edges", batch);
    if (nodes.rows.length < batch.nodes.length || edges.rows.length < batch.edges.length) {
      // The system root is in every graph.
      const [first] = batch.nodes.ids;
      const found = batch.nodes.length + batch.edges.length - nodes.rows.length - edges.rows.length;
      if (found > (first === systemRootId ? 1 : 0)) this.#isResumed = true;
      this.#counts.present += found;
    }
    batch.nodes = nodes.rows;
    batch.nodeLines = nodes.lines;
    batch.edges = edges.rows as EdgeRows;
    batch.edgeLines = edges.lines;
  }

  async #absent<R extends NodeRows>(
    rows: R,
    lines: readonly number[],
    kind: "nodes" | "edges",
    batch: Batch,
  ): Promise<{ rows: R; lines: number[] }> {
    const present = new Map<Id, { rows: NodeRows; i: number }>();
    for (const found of await this.#read([...rows.ids], kind))
      for (let i = 0; i < found.length; i++) present.set(found.ids.at(i), { rows: found, i });
    if (present.size === 0) return { rows, lines: [...lines] };
    const absent = (kind === "nodes" ? new NodeRows() : new EdgeRows()) as R;
    const left: number[] = [];
    for (let i = 0; i < rows.length; i++) {
      const id = rows.ids.at(i);
      const there = present.get(id);
      if (there === undefined) {
        pushRow(absent, rows, i);
        left.push(lines[i]!);
      } else if (id === systemRootId) {
        batch.rootLine = lines[i]!;
        this.#regrant(batch, rows.access[i]!, there);
      } else if (!isSame(rows, i, there.rows, there.i))
        throw this.#refusal(
          lines[i]!,
          `${id} is in the graph already, and is not as this line has it`,
          undefined,
        );
    }
    return { rows: absent, lines: left };
  }

  /** The system root is there from the beginning; what it grants is as the line says. */
  #regrant(batch: Batch, access: AccessRecord, there: { rows: NodeRows; i: number }): void {
    batch.updates.length = 0;
    if (equalAccess(access, there.rows.access[there.i]!)) return;
    const expected = there.rows.accessVersions[there.i]!;
    batch.updates.push({
      kind: "node",
      id: systemRootId,
      type: "Root",
      access: { record: access, expected },
    });
  }

  /** Somebody may have granted something on the system root meanwhile, whose line is no longer in the batch. */
  async #regrantAnew(batch: Batch): Promise<void> {
    const [update] = batch.updates;
    if (update?.access === undefined) return;
    for (const rows of await this.#read([systemRootId], "nodes"))
      if (rows.length > 0) this.#regrant(batch, update.access.record, { rows, i: 0 });
  }

  async #read(ids: readonly Id[], kind: "nodes" | "edges"): Promise<NodeRows[]> {
    const answers: NodeRows[] = [];
    const store = this.#store;
    if (store === undefined) return answers;
    for (let from = 0; from < ids.length; from += idsACall) {
      const asked = IdColumn.from(ids.slice(from, from + idsACall));
      const { rows } = await (kind === "nodes" ? store.readNodes(asked) : store.readEdges(asked));
      answers.push(rows);
    }
    return answers;
  }

  #at<T>(line: number, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      throw this.#refusal(line, error.message, error);
    }
  }

  #refusal(line: number, reason: string, cause: unknown, remedy?: string): ValidationError {
    const { nodes, edges } = this.#counts;
    const written = this.#step === "writing" ? nodes + edges : 0;
    const { path, valueKind, details } = wrongLine(line, reason, cause);
    const said = reason === "" && cause instanceof Error ? cause.message : reason;
    return new ValidationError({
      code: "RW_IMPORT_LINE",
      message: `line ${line}: ${said}`,
      remedy:
        remedy ??
        (written === 0
          ? "Correct the line and import again; nothing was written."
          : `Correct the line and import again: the ${written} records that were written are passed over then.`),
      details: {
        ...details,
        reason: said,
        written: { nodes: this.#step === "writing" ? nodes : 0, edges: this.#step === "writing" ? edges : 0 },
      },
      path,
      valueKind,
      cause,
    });
  }
}

/** What only one record may have in a unique index. */
function keyText({ per }: IndexDescription, values: readonly unknown[], owner: Id | undefined): string {
  return `${per === "owner" ? owner : ""} ${indexKey(values).join()}`;
}

/** Nothing that was read decides what is written. */
const noGuards: Guards = {
  isEmpty: true,
  conflictsWith: () => false,
  *[Symbol.iterator]() {},
};

function isSame(left: NodeRows, i: number, right: NodeRows, k: number): boolean {
  const [fields, others] = [left.fields[i]!, right.fields[k]!];
  return (
    left.types[i] === right.types[k] &&
    left.owners.at(i) === right.owners.at(k) &&
    equalAccess(left.access[i]!, right.access[k]!) &&
    (!(left instanceof EdgeRows) ||
      !(right instanceof EdgeRows) ||
      (left.sources.at(i) === right.sources.at(k) && left.targets.at(i) === right.targets.at(k))) &&
    !(others instanceof RowDamage) &&
    canonicalText(withoutAbsent(fields)) === canonicalText(withoutAbsent(others))
  );
}

function withoutAbsent(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const optionNames = ["types", "unreadable", "batch", "onProgress"];

function readSettings(given: unknown): Settings {
  const options: ImportOptions = readOptions("importJsonl", given, optionNames);
  const { types, unreadable = "refuse", batch = usualBatch, onProgress } = options;
  if (types !== undefined && !Array.isArray(types))
    throw new TypeError("importJsonl: types is an array of node and edge types");
  if (unreadable !== "refuse" && unreadable !== "leave out")
    throw invalid('unreadable is "refuse" or "leave out"');
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw invalid(`batch is a positive whole number, got ${String(batch)}`);
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new TypeError("importJsonl: onProgress is a function");
  return { types, leavesOut: unreadable === "leave out", batch, onProgress };
}

function invalid(message: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message: `importJsonl: ${message}` });
}
