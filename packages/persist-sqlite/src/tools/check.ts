import { GraphError, type Id, IdColumn, isLevel } from "@rootwalk/core/store";
import type { Connection } from "../connection.ts";
import type { SqlRow } from "../drivers.ts";
import type { SqliteFile } from "../file.ts";
import { pushId } from "../id-halves.ts";
import type { KeyIndex } from "../key-index.ts";
import { sqliteFailure } from "../sqlite-error.ts";
import { slotColumn } from "../tables.ts";
import { lookAt, type ToolOptions } from "./open-tool.ts";
import {
  isUnreadable,
  type StoredEdge,
  type StoredNode,
  type StoredRecord,
  storedEdges,
  storedNodes,
} from "./stored-records.ts";

/** What can be wrong with a file. */
export type Problem =
  /** SQLite's own `integrity_check`, or it could not read on. */
  | "sqlite"
  /** It cannot be opened, and what its types are cannot be told. */
  | "catalog"
  /** The system root is missing. */
  | "root"
  /** A record of a type that is not in the catalog, or of the other kind. */
  | "type"
  /** A record of a shape that its type never had. */
  | "shape"
  /** A record whose owner is not listed. */
  | "owner"
  /** An access record that cannot be read, and grants nothing. */
  | "access"
  /** Fields that cannot be read. */
  | "unreadable"
  /** An edge one of whose ends is not there. */
  | "end"
  /** An edge that was moved aside, and the entry that says which id it has, do not match. */
  | "id"
  /** The key that an index has for a record is another one than its fields make. */
  | "index";

/** One thing that is wrong. */
export interface Finding {
  readonly problem: Problem;
  readonly kind?: "node" | "edge";
  readonly id?: Id;
  readonly type?: string;
  readonly message: string;
}

/** What `checkFile` has found. */
export interface CheckReport {
  readonly path: string;
  /** Those of each problem that were met first. */
  readonly findings: readonly Finding[];
  /** How often each problem was met. */
  readonly counts: Readonly<Partial<Record<Problem, number>>>;
  /** Records that were looked at. */
  readonly nodes: number;
  readonly edges: number;
}

/** Options of `checkFile`. */
export interface CheckOptions extends ToolOptions {
  /** Findings of one problem that are listed. Default: 100 */
  readonly listed?: number;
}

/**
 * Looks for what is wrong in a file, as far as that can be told without the code of the app, and changes nothing. Reads
 * the whole file. Whether values pass the app's validators, and edges end where their type says, only the app can tell.
 *
 * @throws {GraphError} for what is no file of this library or of a later version; that it is damaged is a finding
 */
export async function checkFile(path: string, options: CheckOptions = {}): Promise<CheckReport> {
  const { listed = 100, ...rest } = options;
  const found = new Findings(path, listed);
  try {
    await lookAt(path, rest, "checking it", (file, connection) => new Check(file, connection, found).run());
  } catch (error) {
    const isDamage = error instanceof GraphError && error.details.isDamaged === true;
    if (!isDamage) throw error;
    found.add({ problem: error.details.isCatalog === true ? "catalog" : "sqlite", message: error.message });
  }
  return found.report();
}

class Findings {
  nodes = 0;
  edges = 0;
  readonly #path: string;
  readonly #listed: number;
  readonly #findings: Finding[] = [];
  readonly #counts: Partial<Record<Problem, number>> = {};

  constructor(path: string, listed: number) {
    this.#path = path;
    this.#listed = listed;
  }

  add(finding: Finding): void {
    const count = (this.#counts[finding.problem] ?? 0) + 1;
    this.#counts[finding.problem] = count;
    if (count <= this.#listed) this.#findings.push(finding);
  }

  of(record: StoredRecord, problem: Problem, message: string): void {
    const { kind, id } = record;
    const type = record.type?.description.name ?? `type ${record.typeNumber}`;
    this.add({ problem, kind, id, type, message: `${type} ${id}: ${message}` });
  }

  report(): CheckReport {
    const { nodes, edges } = this;
    return { path: this.#path, findings: this.#findings, counts: this.#counts, nodes, edges };
  }
}

class Check {
  readonly #file: SqliteFile;
  readonly #connection: Connection;
  readonly #found: Findings;
  readonly #id: IdColumn = new IdColumn(1);

  constructor(file: SqliteFile, connection: Connection, found: Findings) {
    this.#file = file;
    this.#connection = connection;
    this.#found = found;
  }

  run(): void {
    this.#integrity();
    try {
      this.#catalog();
      for (const node of storedNodes(this.#file, this.#connection)) this.#node(node);
      for (const edge of storedEdges(this.#file, this.#connection)) this.#edge(edge);
      this.#strayMoves();
      this.#strayKeys();
    } catch (error) {
      // What SQLite cannot read is among the findings of its own check already.
      if (sqliteFailure(error) !== "corrupt") throw error;
    }
  }

  #integrity(): void {
    for (const [message] of this.#connection.all("PRAGMA integrity_check") as SqlRow[]) {
      if (message !== "ok") this.#found.add({ problem: "sqlite", message: String(message) });
    }
  }

  #catalog(): void {
    const { catalog } = this.#file;
    const { types } = catalog.description;
    const known = new Set(types.map(({ name }) => name));
    for (const { name, parent } of types) {
      if (parent === undefined || known.has(parent)) continue;
      this.#found.add({
        problem: "catalog",
        type: name,
        message: `${name} extends ${parent}, which is not there`,
      });
    }
    for (const { name, type } of catalog.indexes) {
      if (known.has(type)) continue;
      this.#found.add({
        problem: "catalog",
        type,
        message: `the index ${name} is of ${type}, which is not there`,
      });
    }
    const sql = "SELECT nr FROM nodes WHERE key = 0 AND rest = 0 AND gone IS NULL";
    if (this.#connection.get(sql) === undefined)
      this.#found.add({ problem: "root", message: "the system root is missing" });
  }

  #node(node: StoredNode): void {
    this.#found.nodes += 1;
    this.#record(node);
    if (isUnreadable(node) || node.type === undefined) return;
    for (const index of node.type.indexes) {
      // Of one that is being built, later records may have no key yet.
      if (index.built !== undefined && (node.row as number) > index.built) continue;
      this.#key(node, index, index.slot);
      if (index.ownSlot !== undefined) this.#key(node, index, index.ownSlot);
    }
  }

  #key(node: StoredNode, index: KeyIndex, slot: number): void {
    this.#id.clear();
    pushId(this.#id, node.key, node.rest);
    let expected: Uint8Array;
    try {
      expected = index.key(slot, node.fields as never, node.ownerNumber, this.#id.words, 0);
    } catch (error) {
      this.#found.of(node, "index", `${index.name} cannot hold it: ${(error as Error).message}`);
      return;
    }
    const stored = node.keys[slot] ?? null;
    if (stored !== null && Buffer.compare(stored, expected) === 0) return;
    this.#found.of(
      node,
      "index",
      `${index.name} has ${stored === null ? "no key of it" : "another key than its fields make"}`,
    );
  }

  #edge(edge: StoredEdge): void {
    this.#found.edges += 1;
    this.#record(edge);
    if (edge.isLost) this.#found.of(edge, "id", "which id it has is not there");
    if (edge.source === undefined)
      this.#found.of(edge, "end", `its source, node number ${edge.sourceNumber}, is not there`);
    if (edge.target === undefined)
      this.#found.of(edge, "end", `its target, node number ${edge.targetNumber}, is not there`);
  }

  #record(record: StoredRecord): void {
    const { type, kind, shape, access } = record;
    if (type === undefined) this.#found.of(record, "type", "its type is not in the catalog");
    else if (type.description.kind !== kind)
      this.#found.of(record, "type", `it is stored as ${kind === "node" ? "a node" : "an edge"}`);
    else if (!type.description.shapes.some(({ version }) => version === shape))
      this.#found.of(record, "shape", `its shape ${shape} is none of its type's`);
    if (record.owner === undefined)
      this.#found.of(record, "owner", `its owner, number ${record.ownerNumber}, is not there`);
    if (access !== null && !isAccess(access))
      this.#found.of(record, "access", "its access record cannot be read and grants nothing");
    if (isUnreadable(record)) this.#found.of(record, "unreadable", record.fields.reason);
  }

  /** Entries of ids whose edges are not there. */
  #strayMoves(): void {
    const sql =
      "SELECT CAST(nr AS REAL) AS nr FROM edge_collisions c WHERE NOT EXISTS (SELECT 1 FROM edges WHERE key = -c.nr)";
    for (const [number] of this.#connection.all(sql))
      this.#found.add({
        problem: "id",
        message: `an id is kept for edge ${-Number(number)}, which is not there`,
      });
  }

  /** Keys of an index at records that it does not cover. */
  #strayKeys(): void {
    const { catalog } = this.#file;
    for (const index of catalog.indexes) {
      const column = slotColumn(index.slot);
      const [from, to] = [
        index.bound(Uint8Array.of(), undefined),
        index.bound(Uint8Array.of(0xff), undefined),
      ];
      const members = catalog.membersOf(index.type).join();
      const sql =
        `SELECT CAST(nr AS REAL) AS nr FROM nodes WHERE ${column} >= ? AND ${column} < ? ` +
        `AND (gone IS NOT NULL OR type NOT IN (${members}))`;
      for (const [number] of this.#connection.all(sql, from, to)) {
        const message = `${index.name} has a key of node number ${Number(number)}, which it does not cover`;
        this.#found.add({ problem: "index", type: index.type, message });
      }
    }
  }
}

function isAccess(text: string): boolean {
  try {
    const { all, roots = {} } = JSON.parse(text) as { all: unknown; roots?: object };
    return isLevel(all) && Object.values(roots).every(isLevel);
  } catch {
    return false;
  }
}
