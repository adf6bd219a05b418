import { GraphError, type Id, isLevel } from "@rootwalk/core/store";
import type { Connection } from "../connection.ts";
import type { SqlRow } from "../drivers.ts";
import type { SqliteFile } from "../file.ts";
import { sqliteFailure } from "../sqlite-error.ts";
import { slotColumn } from "../tables.ts";
import { lookAt, type ToolOptions } from "./open-tool.ts";
import { type StoredEdge, type StoredRecord, storedEdges, storedNodes } from "./stored-records.ts";

/** What can be wrong with a file, and is seen in the file alone: the rest is found by `graph.check()`. */
export type Problem =
  /** SQLite's own `integrity_check`, or it could not read on. */
  | "sqlite"
  /** It cannot be opened, and what its types are cannot be told. */
  | "catalog"
  /** The system root is missing. */
  | "root"
  /** A record of a type that is not in the catalog, or of the other kind: no read shows it. */
  | "type"
  /** A record of a shape that its type never had. */
  | "shape"
  /** An access record that cannot be read, and grants nothing. */
  | "access"
  /** An edge that was moved aside, and the entry that says which id it has, do not match. */
  | "id"
  /** An index has a key of a record that it does not cover. */
  | "index";

/** One thing that is wrong. */
export interface FileFinding {
  readonly kind: Problem;
  readonly record?: "node" | "edge";
  readonly id?: Id;
  readonly type?: string;
  readonly message: string;
}

/** What `checkFile` has found. */
export interface FileCheck {
  readonly path: string;
  /** Those of each problem that were met first. */
  readonly findings: readonly FileFinding[];
  /** How often each problem was met. */
  readonly counts: Readonly<Partial<Record<Problem, number>>>;
  /** Records that were looked at. */
  readonly nodes: number;
  readonly edges: number;
}

/** Options of `checkFile`. */
export interface FileCheckOptions extends ToolOptions {
  /** Findings of one problem that are listed. Default: 100 */
  readonly listed?: number;
}

/**
 * Looks for what is wrong in a file and shows in the file alone: whether SQLite can read it, and what no read of a graph
 * gives. Changes nothing. Reads the whole file, at one moment. That records, neighbourhoods and indexes agree is what
 * `graph.check()` looks for, over any store; the command `rootwalk check` does both.
 *
 * @throws {GraphError} for what is no file of this library or of a later version; that it is damaged is a finding
 */
export async function checkFile(path: string, options: FileCheckOptions = {}): Promise<FileCheck> {
  const { listed = 100, ...rest } = options;
  const found = new Findings(path, listed);
  try {
    await lookAt(path, rest, "checking it", (file, connection) => new Check(file, connection, found).run());
  } catch (error) {
    const isDamage = error instanceof GraphError && error.details.isDamaged === true;
    if (!isDamage) throw error;
    found.add({ kind: error.details.isCatalog === true ? "catalog" : "sqlite", message: error.message });
  }
  return found.report();
}

class Findings {
  nodes = 0;
  edges = 0;
  readonly #path: string;
  readonly #listed: number;
  readonly #findings: FileFinding[] = [];
  readonly #counts: Partial<Record<Problem, number>> = {};

  constructor(path: string, listed: number) {
    this.#path = path;
    this.#listed = listed;
  }

  add(finding: FileFinding): void {
    const count = (this.#counts[finding.kind] ?? 0) + 1;
    this.#counts[finding.kind] = count;
    if (count <= this.#listed) this.#findings.push(finding);
  }

  of(record: StoredRecord, problem: Problem, message: string): void {
    const { kind, id } = record;
    const type = record.type?.description.name ?? `type ${record.typeNumber}`;
    this.add({ kind: problem, record: kind, id, type, message: `${type} ${id}: ${message}` });
  }

  report(): FileCheck {
    const { nodes, edges } = this;
    return { path: this.#path, findings: this.#findings, counts: this.#counts, nodes, edges };
  }
}

class Check {
  readonly #file: SqliteFile;
  readonly #connection: Connection;
  readonly #found: Findings;

  constructor(file: SqliteFile, connection: Connection, found: Findings) {
    this.#file = file;
    this.#connection = connection;
    this.#found = found;
  }

  run(): void {
    this.#integrity();
    try {
      this.#catalog();
      for (const node of storedNodes(this.#file, this.#connection)) {
        this.#found.nodes += 1;
        this.#record(node);
      }
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
      if (message !== "ok") this.#found.add({ kind: "sqlite", message: String(message) });
    }
  }

  #catalog(): void {
    const { catalog } = this.#file;
    const { types } = catalog.description;
    const known = new Set(types.map(({ name }) => name));
    for (const { name, parent } of types) {
      if (parent === undefined || known.has(parent)) continue;
      this.#found.add({
        kind: "catalog",
        type: name,
        message: `${name} extends ${parent}, which is not there`,
      });
    }
    for (const { name, type } of catalog.indexes) {
      if (known.has(type)) continue;
      this.#found.add({
        kind: "catalog",
        type,
        message: `the index ${name} is of ${type}, which is not there`,
      });
    }
    const sql = "SELECT nr FROM nodes WHERE key = 0 AND rest = 0 AND gone IS NULL";
    if (this.#connection.get(sql) === undefined)
      this.#found.add({ kind: "root", message: "the system root is missing" });
  }

  #edge(edge: StoredEdge): void {
    this.#found.edges += 1;
    this.#record(edge);
    if (edge.isLost) this.#found.of(edge, "id", "which id it has is not there");
  }

  #record(record: StoredRecord): void {
    const { type, kind, shape, access } = record;
    if (type === undefined) this.#found.of(record, "type", "its type is not in the catalog");
    else if (type.description.kind !== kind)
      this.#found.of(record, "type", `it is stored as ${kind === "node" ? "a node" : "an edge"}`);
    else if (!type.description.shapes.some(({ version }) => version === shape))
      this.#found.of(record, "shape", `its shape ${shape} is none that its type has had`);
    if (access !== null && !isAccess(access))
      this.#found.of(record, "access", "its access record cannot be read and grants nothing");
  }

  /** Entries of ids whose edges are not there. */
  #strayMoves(): void {
    const sql =
      "SELECT CAST(nr AS REAL) AS nr FROM edge_collisions c WHERE NOT EXISTS (SELECT 1 FROM edges WHERE key = -c.nr)";
    for (const [number] of this.#connection.all(sql))
      this.#found.add({
        kind: "id",
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
        this.#found.add({ kind: "index", type: index.type, message });
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
