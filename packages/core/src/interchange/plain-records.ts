import { ValidationError } from "../errors.ts";
import { partsOf } from "../graph/session.ts";
import type { Id } from "../model/id.ts";
import { UnknownValue } from "../model/unknown-value.ts";
import { handOut } from "../model/value.ts";
import { describeKind } from "../model/value-kind.ts";
import type { Catalog } from "../schema/catalog.ts";
import { definitionOf } from "../schema/definition.ts";
import { EdgeEntity, type Entity, NodeEntity, readState } from "../schema/entity.ts";
import type { AnyEdge, AnyNode, RecordClass } from "../types/graph-types.ts";
import type { Session } from "../types/session.ts";
import { Moment } from "./moment.ts";

/** Records as arrays, queries or anything else that can be gone over. */
export type Records<T> = Iterable<T> | AsyncIterable<T>;

/**
 * What to give away: everything that a session's principal may see, as it is at one moment; or chosen records, such as
 * what queries find. Of chosen edges, those both of whose ends are among the chosen nodes.
 */
export type RecordSource = Session | { readonly nodes: Records<AnyNode>; readonly edges?: Records<AnyEdge> };

/** What all forms of giving records away can be told. */
export interface SelectionOptions {
  /**
   * Of a session, records of these types alone, subtypes included. Where no edge type is named all edges between the
   * nodes go along, where no node type is, all nodes.
   */
  readonly types?: readonly RecordClass[];
}

/** A record as other tools take it: fields as the code reads them. */
export interface PlainRecord {
  readonly id: Id;
  readonly type: string;
  /** Those that the record has, but what newer code has stored there and this code cannot read. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface PlainEdge extends PlainRecord {
  readonly source: Id;
  readonly target: Id;
  readonly isUndirected: boolean;
}

/** All nodes, and then all edges, as often as they are asked for. */
export interface PlainRecords {
  nodes(): AsyncIterable<PlainRecord>;
  /** After `nodes`. */
  edges(): AsyncIterable<PlainEdge>;
}

/** Goes on with the records of a source for as long as `body` does. */
export async function* withRecords<T>(
  what: string,
  source: RecordSource,
  { types }: SelectionOptions,
  body: (records: PlainRecords) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const session = partsOf(source);
  if (session !== undefined) {
    const { catalog } = session.core.runtime;
    const chosen = typesIn(what, types, catalog);
    yield* Moment.during(what, source, (moment) => body(new MomentRecords(moment, catalog, chosen)));
    return;
  }
  if (types !== undefined)
    throw new ValidationError({
      code: "RW_OPTION_INVALID",
      message: `${what}: \`types\` chooses among what a session sees; these records are chosen already`,
    });
  yield* body(await givenRecords(what, source as { nodes?: unknown; edges?: unknown } | null));
}

interface Chosen {
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
}

function typesIn(what: string, types: unknown, catalog: Catalog): Chosen {
  if (types === undefined) return { nodes: [], edges: [] };
  if (!Array.isArray(types)) throw new TypeError(`${what}: types is an array of node and edge types`);
  const numbers = types.map((type) => catalog.numberOfClass(type));
  const of = (kind: "node" | "edge"): number[] =>
    numbers.filter((number) => catalog.definition(number).kind === kind);
  return { nodes: of("node"), edges: of("edge") };
}

/** What a session sees. */
class MomentRecords implements PlainRecords {
  readonly #moment: Moment;
  readonly #catalog: Catalog;
  readonly #chosen: Chosen;
  /** The ids of chosen nodes, where not all are. */
  readonly #nodes: Set<Id> | undefined;

  constructor(moment: Moment, catalog: Catalog, chosen: Chosen) {
    this.#moment = moment;
    this.#catalog = catalog;
    this.#chosen = chosen;
    this.#nodes = chosen.nodes.length > 0 ? new Set() : undefined;
  }

  async *nodes(): AsyncGenerator<PlainRecord> {
    for await (const { rows, seen } of this.#moment.nodes()) {
      for (const i of seen) {
        const number = this.#moment.typeOf(rows.types[i]!);
        if (!this.#isChosen("nodes", number)) continue;
        const id = rows.ids.at(i);
        this.#nodes?.add(id);
        yield { id, type: this.#name(number, rows.types[i]!), fields: plain(this.#moment.stateOf(rows, i)) };
      }
    }
  }

  async *edges(): AsyncGenerator<PlainEdge> {
    for await (const { rows, seen } of this.#moment.edges()) {
      for (const i of seen) {
        const number = this.#moment.typeOf(rows.types[i]!);
        if (!this.#isChosen("edges", number)) continue;
        const source = rows.sources.at(i);
        const target = rows.targets.at(i);
        if (this.#nodes !== undefined && !(this.#nodes.has(source) && this.#nodes.has(target))) continue;
        yield {
          id: rows.ids.at(i),
          type: this.#name(number, rows.types[i]!),
          fields: plain(this.#moment.stateOf(rows, i)),
          source,
          target,
          isUndirected: number !== 0 && this.#catalog.isUndirected(number),
        };
      }
    }
  }

  #name(number: number, stored: string): string {
    return number === 0 ? stored : this.#catalog.definition(number).name;
  }

  #isChosen(kind: "nodes" | "edges", number: number): boolean {
    const chosen = this.#chosen[kind];
    return chosen.length === 0 || chosen.some((type) => number !== 0 && this.#catalog.isA(number, type));
  }
}

async function givenRecords(
  what: string,
  source: { readonly nodes?: unknown; readonly edges?: unknown } | null,
): Promise<PlainRecords> {
  const nodes = await gathered(what, "nodes", source?.nodes, NodeEntity);
  const edges = await gathered(what, "edges", source?.edges ?? [], EdgeEntity);
  const ids = new Set(nodes.map(({ id }) => id));
  const between = edges.filter(({ sourceId, targetId }) => ids.has(sourceId) && ids.has(targetId));
  return {
    async *nodes() {
      for (const node of nodes) yield plainOf(node);
    },
    async *edges() {
      for (const edge of between) {
        const { sourceId: source, targetId: target } = edge;
        const isUndirected = definitionOf(edge.constructor)?.undirected === true;
        yield { ...plainOf(edge), source, target, isUndirected };
      }
    },
  };
}

/** Each record once. */
async function gathered<T extends Entity>(
  what: string,
  name: string,
  given: unknown,
  kind: abstract new (...args: never[]) => T,
): Promise<T[]> {
  const list = given as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  if (list?.[Symbol.asyncIterator] === undefined && list?.[Symbol.iterator] === undefined)
    throw new TypeError(
      `${what} takes a session, or { nodes, edges } of queries or arrays; ${name} is ${describeKind(given)}`,
    );
  const found = new Map<Id, T>();
  for await (const record of list as AsyncIterable<unknown>) {
    if (!(record instanceof kind))
      throw new TypeError(`${what}: among the ${name} is ${describeKind(record)}`);
    found.set(record.id, record);
  }
  return [...found.values()];
}

function plainOf(record: Entity): PlainRecord {
  return { id: record.id, type: record.$type, fields: plain(readState(record)) };
}

/** The fields that are there and can be read, for the reader to keep. */
function plain(state: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(state ?? {}))
    if (value !== undefined && !(value instanceof UnknownValue)) fields[name] = handOut(value);
  return fields;
}
