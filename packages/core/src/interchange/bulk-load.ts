import type { StandardSchemaV1 } from "@standard-schema/spec";
import { GraphError, NotFoundError, UniqueViolationError, ValidationError } from "../errors.ts";
import { type GraphSession, partsOf } from "../graph/session.ts";
import { UnitVerbs } from "../graph/tx.ts";
import { type Id, IdColumn, isId } from "../model/id.ts";
import { readOptions } from "../model/options.ts";
import { describeKind } from "../model/value-kind.ts";
import { missingId } from "../persistence/rows.ts";
import { findRecord } from "../query/select.ts";
import { NODE } from "../resident/change-log.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import type { State } from "../schema/entity.ts";
import type { Schema } from "../schema/field.ts";
import { node } from "../schema/node.ts";
import type {
  Creatable,
  EdgeClass,
  FieldsOf,
  NodeClass,
  NodeInstance,
  RecordClass,
  TypeMark,
} from "../types/graph-types.ts";
import type { CreateArgument } from "../types/infer.ts";
import type { Session } from "../types/session.ts";
import type { Runtime } from "../unit/runtime.ts";
import type { AddedEnd, Unit } from "../unit/unit.ts";
import { andThen, isPromise, type MaybePromise } from "../util/maybe-async.ts";
import { IdBlock } from "./id-block.ts";

/** What a node of a load is called in it: text, or a number. */
export type LoadKey = string | number | bigint;

/** A node or an edge to load, as `nodeRow` and `edgeRow` make it. */
export interface LoadRow {
  readonly type: RecordClass;
  /** Of a node: what edges of the load call it, where they do. */
  readonly key?: LoadKey | undefined;
  /** Of an edge: keys of nodes of rows before it, or ids of nodes in the graph. */
  readonly from?: LoadKey | undefined;
  readonly to?: LoadKey | undefined;
  readonly fields?: object | undefined;
}

/**
 * A node to load.
 *
 * @param key what edges of the load call it: unlike any other node's of the load
 */
export function nodeRow<C extends NodeClass>(
  type: C & Creatable,
  key: LoadKey | undefined,
  ...fields: CreateArgument<FieldsOf<C>>
): LoadRow {
  return { type, key, fields: fields[0] };
}

/**
 * An edge to load.
 *
 * @param from key of a node of a row before it, or the id of a node in the graph
 */
export function edgeRow<E extends EdgeClass>(
  type: E,
  from: LoadKey,
  to: LoadKey,
  ...fields: CreateArgument<FieldsOf<E>>
): LoadRow {
  return { type, from, to, fields: fields[0] };
}

/** A row that was not loaded. */
export interface RefusedRow {
  /** From 1. */
  readonly row: number;
  readonly error: GraphError;
}

/** How far a load has come. */
export interface LoadProgress {
  /** Rows that are done with, those of earlier calls included. */
  readonly rows: number;
  /** Records that this call has made. */
  readonly nodes: number;
  readonly edges: number;
}

/** Options of `bulkLoad`. */
export interface LoadOptions {
  /**
   * Makes the load one that can be taken up again: how far it has come is kept in the graph under this name, in a
   * `BulkLoad` of the session's own, written in the same commit as the rows. The graph must have been opened with that
   * type.
   */
  readonly name?: string;
  /** Rows in one unit of work; 5,000 where nothing is said. */
  readonly batch?: number;
  /** Told after each commit. What it throws ends the load there. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Told of each row that is refused, once the others of its batch are there; without it the load ends at the first. */
  readonly onRefused?: (refused: RefusedRow) => void;
}

/** What a load did. */
export interface LoadReport extends LoadProgress {
  /** Rows that an earlier call had done with. */
  readonly resumedAt: number;
  readonly refused: number;
  /** The id of a node of the load by its key; `undefined` where the row was refused, in this call. */
  idOf(key: LoadKey): Id | undefined;
}

/** A field that only the loader writes. */
function field<T>(isOne: (value: unknown) => boolean): Schema<T> {
  return {
    "~standard": {
      version: 1,
      vendor: "rootwalk",
      validate: (value) => (isOne(value) ? { value: value as T } : { issues: [{ message: "is not valid" }] }),
    },
  };
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** From which row on the nodes of a batch have ids from a first one. */
export interface BlockPlace {
  readonly row: number;
  readonly first: Id;
}

function isPlace(place: Partial<BlockPlace> | null): boolean {
  return isCount(place?.row) && isId(place?.first);
}

/** The fields of a `BulkLoad`. */
export type BulkLoadFields = {
  readonly name: StandardSchemaV1<string>;
  readonly rows: StandardSchemaV1<number>;
  readonly blocks: StandardSchemaV1<readonly BlockPlace[]>;
};

/** How far a load has come. */
export interface BulkLoad extends NodeInstance<BulkLoadFields>, TypeMark<"BulkLoad"> {
  readonly name: string;
  /** Rows that are done with. */
  readonly rows: number;
  /** The ids that nodes have, of each batch in which some have keys: by these keys find them again. */
  readonly blocks: readonly BlockPlace[];
}

/**
 * The type that keeps how far a load has come, one for each name and owner: give it to `openGraph` among the types where
 * loads have names. Deleting one frees the name for another load.
 */
export const BulkLoad: NodeClass<BulkLoadFields, BulkLoad> = node(
  "BulkLoad",
  {
    name: field<string>((value) => typeof value === "string"),
    rows: field<number>(isCount),
    blocks: field<readonly BlockPlace[]>((value) => Array.isArray(value) && value.every(isPlace)),
  },
  { unique: [{ fields: ["name"], per: "owner" }] },
) as unknown as NodeClass<BulkLoadFields, BulkLoad>;

const usualBatch = 5_000;

/**
 * Makes nodes and edges of rows, in units of work of some thousand, each written whole or not at all: as `tx.create` and
 * `link` do it, validated, owned by the session's root and under its rights.
 *
 * With a `name` a load that was cut short, by a kill or a row that was refused, is taken up by the same call with the
 * same rows from the beginning: what is done is passed over, and the graph becomes the same. More rows may follow.
 *
 * ```ts
 * await bulkLoad(graph, rows(), { name: "people.csv" });
 *
 * async function* rows() {
 *   for await (const { id, name } of people) yield nodeRow(Person, id, { name });
 *   for await (const { from, to } of friends) yield edgeRow(Knows, from, to);
 * }
 * ```
 *
 * @throws {ValidationError} `RW_IMPORT_LINE` with `details.row` for the first row that is refused, where there is no
 *   `onRefused`: its batch is dropped whole; {TypeError} for wrong arguments; as `transaction`
 */
export async function bulkLoad(
  session: Session,
  rows: Iterable<LoadRow> | AsyncIterable<LoadRow>,
  options: LoadOptions = {},
): Promise<LoadReport> {
  if (partsOf(session) === undefined)
    throw new TypeError("bulkLoad takes a graph, or what graph.as(root) gives: rows belong to that root");
  const settings = readSettings(options);
  const iterable = rows as Partial<AsyncIterable<LoadRow> & Iterable<LoadRow>> | null;
  if (iterable?.[Symbol.asyncIterator] === undefined && iterable?.[Symbol.iterator] === undefined)
    throw new TypeError(`bulkLoad takes rows as an iterable, got ${describeKind(rows)}`);
  return new Load(session as unknown as GraphSession, settings).run(rows);
}

interface Settings {
  readonly name: string | undefined;
  readonly batch: number;
  readonly onProgress: ((progress: LoadProgress) => void) | undefined;
  readonly onRefused: ((refused: RefusedRow) => void) | undefined;
}

class Load {
  readonly #session: GraphSession;
  readonly #runtime: Runtime;
  readonly #settings: Settings;
  /** By key the place of its node among those that have keys. */
  readonly #keys: Map<LoadKey, number> = new Map();
  /** Of each node that has a key: its row's number, from 0, and once its batch was begun its id. */
  readonly #keyRows: number[] = [];
  readonly #ids: IdColumn = new IdColumn();
  /** The type of what this call has made, 0 of all else. */
  readonly #types: number[] = [];
  #batch: LoadRow[] = [];
  /** The place of the first key of the batch. */
  #batchKeys = 0;
  /** Rows of the batch whose key an earlier row has. */
  #namesakes: Set<number> = new Set();
  /** Where ids of batches that earlier calls have made begin, and which of them the row at hand is in. */
  #resumedPlaces: readonly BlockPlace[] = [];
  #resumedBlock: { readonly place: BlockPlace; readonly ids: IdBlock } | undefined;
  #resumedBlocks = 0;
  /** The numbers of rows, from 0, that were refused: their ids are nobody's. */
  readonly #refusedRows: Set<number> = new Set();
  #done = 0;
  #resumedAt = 0;
  #progressId: Id | undefined;
  #nodes = 0;
  #edges = 0;
  readonly #source: EdgeEnd = new EdgeEnd();
  readonly #target: EdgeEnd = new EdgeEnd();

  constructor(session: GraphSession, settings: Settings) {
    this.#session = session;
    this.#runtime = partsOf(session)!.core.runtime;
    this.#settings = settings;
  }

  async run(rows: Iterable<LoadRow> | AsyncIterable<LoadRow>): Promise<LoadReport> {
    await this.#begin();
    const isAsync = (rows as AsyncIterable<LoadRow>)[Symbol.asyncIterator] !== undefined;
    const number = isAsync
      ? await this.#takeAll(rows as AsyncIterable<LoadRow>)
      : await this.#takeAllNow(rows as Iterable<LoadRow>);
    if (number < this.#resumedAt)
      throw new ValidationError({
        code: "RW_IMPORT_FORMAT",
        message: `bulkLoad: ${this.#resumedAt} rows of "${this.#settings.name}" are in the graph, and now there are only ${number}`,
        remedy: "Give the rows that the load was begun with, from the first one on; more may follow them.",
      });
    if (this.#batch.length > 0) await this.#write();
    return {
      rows: this.#done,
      nodes: this.#nodes,
      edges: this.#edges,
      resumedAt: this.#resumedAt,
      refused: this.#refusedRows.size,
      idOf: (key) => {
        const place = this.#keys.get(key);
        if (place === undefined || this.#refusedRows.has(this.#keyRows[place]!)) return undefined;
        return this.#ids.at(place);
      },
    };
  }

  /** @returns how many rows there are */
  async #takeAll(rows: AsyncIterable<LoadRow>): Promise<number> {
    let number = 0;
    for await (const row of rows) if (this.#take(row, number++)) await this.#write();
    return number;
  }

  /** As `#takeAll`, without a promise for each row. */
  async #takeAllNow(rows: Iterable<LoadRow>): Promise<number> {
    let number = 0;
    for (const row of rows) if (this.#take(row, number++)) await this.#write();
    return number;
  }

  /** @returns whether the batch is full */
  #take(row: LoadRow, number: number): boolean {
    this.#noteKey(row, number);
    if (number < this.#resumedAt) return false;
    this.#batch.push(row);
    return this.#batch.length >= this.#settings.batch;
  }

  async #begin(): Promise<void> {
    const { name } = this.#settings;
    if (name === undefined) return;
    const progress = await this.#session.transaction(
      async (tx) => (await tx.ensure(BulkLoad, { name }, { rows: 0, blocks: [] })) as unknown as BulkLoad,
    );
    this.#progressId = progress.id;
    this.#resumedAt = progress.rows;
    this.#done = progress.rows;
    this.#resumedPlaces = progress.blocks;
  }

  #noteKey(row: LoadRow, number: number): void {
    const key = (row as LoadRow | null)?.key;
    if (key === undefined) return;
    if (this.#keys.has(key)) {
      if (number >= this.#resumedAt) this.#namesakes.add(number);
      return;
    }
    this.#keys.set(key, this.#keyRows.length);
    this.#keyRows.push(number);
    this.#types.push(0);
    if (number < this.#resumedAt) this.#noteResumedId(number);
  }

  /** The id that the node of a row has which an earlier call has made: rows come in their order, and so do blocks. */
  #noteResumedId(number: number): void {
    for (;;) {
      const next = this.#resumedPlaces[this.#resumedBlocks];
      if (next === undefined || next.row > number) break;
      this.#resumedBlock = { place: next, ids: new IdBlock(next.first) };
      this.#resumedBlocks += 1;
    }
    const block = this.#resumedBlock;
    if (block === undefined) this.#ids.push(missingId);
    else this.#ids.pushWords(...block.ids.words(number - block.place.row));
    this.#batchKeys = this.#keyRows.length;
  }

  async #write(): Promise<void> {
    const { onProgress, onRefused } = this.#settings;
    const batch = this.#batch;
    const { ids, scheduler } = this.#runtime;
    const first = ids.nextId();
    const block = new IdBlock(first);
    block.reserve(ids, batch.length);
    for (let place = this.#batchKeys; place < this.#keyRows.length; place++)
      this.#ids.pushWords(...block.words(this.#keyRows[place]! - this.#done));
    // Whoever takes the load up asks for nothing but ids of keys.
    const place = this.#keyRows.length > this.#batchKeys ? { row: this.#done, first } : undefined;
    const unique = new Map<number, GraphError>();
    for (;;) {
      const attempt = new BatchAttempt(block, unique);
      let runs = 0;
      try {
        await this.#session.run(async ({ unit }) => {
          await this.#noteProgress(unit, place);
          await this.#load(unit, attempt, runs++ > 0);
        }, true);
      } catch (error) {
        // Found out by the commit: the rest of the batch may be tried without it.
        if (!(error instanceof UniqueViolationError)) throw error;
        const at = batch.findIndex((_, i) => block.at(i) === error.details.id);
        if (at < 0 || unique.has(at)) throw error;
        if (onRefused === undefined) throw this.#refusal(this.#done + at, error);
        unique.set(at, error);
        // Where one is taken many may be, and each that the commit finds out is another run of the whole batch.
        if (unique.size === 1) await this.#findTaken(batch, unique);
        continue;
      }
      this.#nodes += attempt.nodes;
      this.#edges += attempt.edges;
      this.#done += batch.length;
      this.#batch = [];
      this.#batchKeys = this.#keyRows.length;
      this.#namesakes = new Set();
      for (const { row } of attempt.refused) this.#refusedRows.add(row - 1);
      for (const refused of attempt.refused) onRefused?.(refused);
      onProgress?.({ rows: this.#done, nodes: this.#nodes, edges: this.#edges });
      break;
    }
    // Over a synchronous store nothing else would come to its turn until the load is done.
    await new Promise<void>((resolve) => scheduler.nextTurn(resolve));
  }

  /** The rows whose unique keys records in the graph have by now. What is taken later the commit finds. */
  async #findTaken(batch: readonly LoadRow[], unique: Map<number, GraphError>): Promise<void> {
    const { core, principal } = partsOf(this.#session)!;
    const { catalog, store } = core.runtime;
    for (const [i, row] of batch.entries()) {
      const definition = catalog.definitionOf(row.type);
      if (unique.has(i) || definition.kind !== "node" || !definition.indexes.some((index) => index.unique))
        continue;
      let state: State;
      try {
        state = definition.create(row.fields ?? {});
      } catch (error) {
        // The load refuses it for that.
        if (error instanceof GraphError) continue;
        throw error;
      }
      for (const { unique: isUnique, per, type, fields, stored } of definition.indexes) {
        const values = fields.map((name) => state[name]);
        if (!isUnique || values.includes(undefined)) continue;
        const owner = per === "owner" ? principal.id : undefined;
        const request = { index: stored.name, equals: values, owner, order: "asc", limit: 1 } as const;
        const { rows } = await store.lookup(request);
        if (rows.length > 0)
          unique.set(i, new UniqueViolationError({ type, fields, values, details: { index: stored.name } }));
      }
    }
  }

  /**
   * One unit of work; it may run again.
   *
   * @param isAgain whether others got in the way: nodes of earlier batches are then looked at, for one of them may be gone
   */
  async #load(unit: Unit, attempt: BatchAttempt, isAgain: boolean): Promise<void> {
    const batch = this.#batch;
    const types = this.#types;
    attempt.begin();
    types.fill(0, this.#batchKeys);
    let isFetched = false;
    let nextKey = this.#batchKeys;
    let type: RecordClass | undefined;
    let definition: TypeDefinition | undefined;
    let typeNumber = 0;
    for (let i = 0; i < batch.length; i++) {
      const row = batch[i]!;
      const number = this.#done + i;
      const hasKey = this.#keyRows[nextKey] === number;
      if (hasKey) nextKey += 1;
      try {
        if (attempt.unique.size > 0) attempt.refuseTaken(i);
        if (definition === undefined || row?.type !== type) {
          definition = definitionOf(unit, row);
          ({ type } = row);
          typeNumber = unit.catalog.numberOf(definition.name);
        }
        if (definition.kind === "node") {
          if (this.#namesakes.size > 0 && this.#namesakes.has(number)) throw namesake(row.key);
          unit.addNode(definition, row.fields ?? {}, attempt.block.words(i));
          if (hasKey) types[nextKey - 1] = typeNumber;
          attempt.nodes += 1;
        } else {
          const isMade =
            this.#findMade(row.from, "from", number, isAgain, this.#source) &&
            this.#findMade(row.to, "to", number, isAgain, this.#target);
          if (!isMade) {
            // At the first that must be read, those of the whole rest are.
            if (!isFetched) await this.#fetch(unit, i, isAgain);
            isFetched = true;
            const source = this.#find(unit, row.from, "from", number, isAgain, this.#source);
            if (isPromise(source)) await source;
            const target = this.#find(unit, row.to, "to", number, isAgain, this.#target);
            if (isPromise(target)) await target;
          }
          unit.addEdge(definition, row.fields ?? {}, this.#source, this.#target);
          attempt.edges += 1;
        }
      } catch (error) {
        if (!(error instanceof GraphError) || unit.isDoomed || unit.conflict !== undefined || unit.isClosed)
          throw error;
        if (this.#settings.onRefused === undefined) throw this.#refusal(number, error);
        attempt.refused.push({ row: number + 1, error });
      }
    }
  }

  /** What edges from a place of the batch on hang on is read together, as far as it is not in memory. */
  async #fetch(unit: Unit, begin: number, isAgain: boolean): Promise<void> {
    const wanted = new Set<Id>();
    const want = (key: LoadKey | undefined): void => {
      if (key === undefined) return;
      const place = this.#keys.get(key);
      if (place !== undefined && (place >= this.#batchKeys || (this.#types[place] !== 0 && !isAgain))) return;
      const id = place === undefined ? key : this.#ids.at(place);
      if (isId(id) && unit.findResident(NODE, id) < 0) wanted.add(id);
    };
    for (let i = begin; i < this.#batch.length; i++) {
      want(this.#batch[i]?.from);
      want(this.#batch[i]?.to);
    }
    const all = [...wanted];
    for (let from = 0; from < all.length; from += 256)
      await unit.loader.nodesById(all.slice(from, from + 256), () => undefined);
  }

  /** Finds an end of an edge where this call has made it; false where it must be read. */
  #findMade(
    key: LoadKey | undefined,
    side: "from" | "to",
    number: number,
    isAgain: boolean,
    end: EdgeEnd,
  ): boolean {
    const place = key === undefined ? undefined : this.#keys.get(key);
    if (place === undefined) {
      if (key === undefined) throw noNode(side, key, "is missing");
      if (!isId(key)) throw noNode(side, key, "is neither the key of an earlier row nor an id");
      return false;
    }
    const row = this.#keyRows[place]!;
    if (row >= number) throw noNode(side, key, `is the key of a later row, ${row + 1}`);
    const type = this.#types[place]!;
    if (type === 0 && (row >= this.#done || this.#refusedRows.has(row)))
      throw noNode(side, key, `is the key of row ${row + 1}, which was refused`);
    if (type === 0 || (isAgain && row < this.#done)) return false;
    end.slot = -1;
    end.type = type;
    end.words = this.#ids.words;
    end.at = place << 2;
    return true;
  }

  /** Finds an end of an edge. A promise only where it must be waited for. */
  #find(
    unit: Unit,
    key: LoadKey | undefined,
    side: "from" | "to",
    number: number,
    isAgain: boolean,
    end: EdgeEnd,
  ): MaybePromise<void> {
    if (this.#findMade(key, side, number, isAgain, end)) return;
    const place = this.#keys.get(key!);
    const id = place === undefined ? (key as Id) : this.#ids.at(place);
    return andThen(findRecord(unit, NODE, id), (slot) => {
      if (slot < 0) throw noNode(side, key, "leads to no node that this session may read");
      const { nodes } = unit.runtime.resident;
      end.slot = slot;
      end.type = nodes.types[slot]!;
      end.words = nodes.ids;
      end.at = slot << 2;
    });
  }

  /** In the same commit as the rows. */
  async #noteProgress(unit: Unit, place: BlockPlace | undefined): Promise<void> {
    if (this.#progressId === undefined) return;
    const progress = (await new UnitVerbs(unit).require(BulkLoad, this.#progressId)) as unknown as BulkLoad;
    if (progress.rows !== this.#done)
      throw new GraphError({
        code: "RW_CONFLICT",
        message: `bulkLoad: somebody else is loading "${this.#settings.name}" into the same graph`,
        remedy: "Wait until that load has ended.",
      });
    progress.update((draft) => {
      const written = draft as { rows: number; blocks: readonly BlockPlace[] };
      written.rows += this.#batch.length;
      if (place !== undefined) written.blocks = [...written.blocks, place];
    });
  }

  #refusal(number: number, error: GraphError): ValidationError {
    const { name } = this.#settings;
    const details = { row: number + 1, rows: this.#done, code: error.code };
    return new ValidationError({
      code: "RW_IMPORT_LINE",
      message: `row ${number + 1}: ${error.message}`,
      remedy:
        name === undefined
          ? `Correct the row; the ${this.#done} rows before its batch are in the graph. Loads with a \`name\` are taken up by the same call.`
          : `Correct the row and make the same call again: the ${this.#done} rows before its batch are in the graph and are passed over.`,
      path: error instanceof ValidationError ? error.path : [],
      valueKind: error instanceof ValidationError ? error.valueKind : undefined,
      details,
      cause: error,
    });
  }
}

/** An end of an edge; the same two are used for every row. */
class EdgeEnd implements AddedEnd {
  slot = -1;
  type = 0;
  words: Int32Array = new Int32Array(4);
  at = 0;
}

/** What one attempt at a batch has made so far. */
class BatchAttempt {
  readonly block: IdBlock;
  /** By their place in the batch, rows whose unique keys are taken. */
  readonly unique: ReadonlyMap<number, GraphError>;
  nodes = 0;
  edges = 0;
  refused: RefusedRow[] = [];

  constructor(block: IdBlock, unique: ReadonlyMap<number, GraphError>) {
    this.block = block;
    this.unique = unique;
  }

  begin(): void {
    this.nodes = 0;
    this.edges = 0;
    this.refused = [];
  }

  refuseTaken(i: number): void {
    const taken = this.unique.get(i);
    if (taken !== undefined) throw taken;
  }
}

function definitionOf(unit: Unit, row: LoadRow): TypeDefinition {
  if (typeof row !== "object" || row === null)
    throw new TypeError(
      `bulkLoad: a row is what nodeRow(…) and edgeRow(…) give, and one is ${describeKind(row)}`,
    );
  return unit.catalog.definitionOf(row.type);
}

function namesake(key: LoadKey | undefined): ValidationError {
  return new ValidationError({
    code: "RW_IMPORT_LINE",
    message: `an earlier row has the key ${shown(key)}`,
  });
}

function noNode(side: "from" | "to", key: LoadKey | undefined, reason: string): NotFoundError {
  return new NotFoundError({ message: `"${side}"${key === undefined ? "" : ` ${shown(key)}`} ${reason}` });
}

function shown(key: LoadKey | undefined): string {
  return typeof key === "string" ? JSON.stringify(key.slice(0, 60)) : String(key);
}

const optionNames = ["name", "batch", "onProgress", "onRefused"];

function readSettings(given: unknown): Settings {
  const options: LoadOptions = readOptions("bulkLoad", given, optionNames);
  const { name, batch = usualBatch, onProgress, onRefused } = options;
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw invalid(`name is a text that tells the load from others, got ${describeKind(name)}`);
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw invalid(`batch is a positive whole number, got ${String(batch)}`);
  for (const [option, value] of Object.entries({ onProgress, onRefused }))
    if (value !== undefined && typeof value !== "function")
      throw new TypeError(`bulkLoad: ${option} is a function`);
  return { name, batch, onProgress, onRefused };
}

function invalid(message: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message: `bulkLoad: ${message}` });
}
