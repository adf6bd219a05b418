import type { Id, Token } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./drivers.ts";
import { unitText } from "./unit-log.ts";

export interface Lease {
  readonly unitId: Id;
  /** Milliseconds since 1970. */
  readonly until: number;
}

const digits = 14;

/**
 * What this process knows of the file beside its records. It holds as of `version`: SQLite says by another number that
 * another connection has committed since, and then it is read again.
 */
export class FileState {
  version = -1;
  /** Number of the newest commit. */
  seq = 0;
  /** The greatest unit id of any commit. */
  newestUnit: Id = "";
  incarnation = "";
  /** Counts up with each change of types and indexes. */
  catalogVersion = -1;
  /** Whether any edge's key was taken by an edge of another id. */
  hasCollisions = false;
  /** Whether any node is a tombstone. */
  hasTombstones = false;
  lease: Lease | undefined;
  /** The greatest unit id whose commit record was trimmed. */
  forgottenUnit: Id = "";
  /** The least node number that no node has had; unknown until it is needed. */
  nextNode: number | undefined;

  #token: Token = "";
  #tokenSeq = -1;

  read(connection: Connection): void {
    const values = new Map(
      connection.all(stateSql).map(([name, value]) => [name as string, value as SqlValue]),
    );
    const incarnation = String(values.get("meta.incarnation"));
    this.seq = Number(values.get("seq"));
    this.newestUnit = unitText(values.get("unit"));
    this.catalogVersion = Number(values.get("meta.catalog"));
    this.hasCollisions = values.get("collisions") !== 0n;
    this.hasTombstones = values.get("tombstones") !== 0n;
    this.lease = parseLease(values.get("meta.lease"));
    this.forgottenUnit = unitText(values.get("meta.forgotten"));
    this.nextNode = undefined;
    if (incarnation !== this.incarnation) this.#tokenSeq = -1;
    this.incarnation = incarnation;
  }

  /** The token of the newest commit. */
  get token(): Token {
    if (this.#tokenSeq !== this.seq) {
      this.#token = this.tokenOf(this.seq);
      this.#tokenSeq = this.seq;
    }
    return this.#token;
  }

  tokenOf(seq: number): Token {
    return `${this.incarnation}.${String(seq).padStart(digits, "0")}`;
  }

  /** The number of the commit that a token stands for; `undefined` for a token of another incarnation or file. */
  seqOf(token: Token): number | undefined {
    if (token === this.#token && this.#tokenSeq === this.seq) return this.seq;
    if (token.length !== this.incarnation.length + 1 + digits || !token.startsWith(`${this.incarnation}.`)) {
      return undefined;
    }
    const seq = Number(token.slice(-digits));
    return Number.isSafeInteger(seq) && seq >= 0 && seq <= this.seq ? seq : undefined;
  }
}

const stateSql = `
  SELECT 'seq' AS name, ifnull(max(seq), 0) AS value FROM commits
  UNION ALL SELECT 'unit', max(ifnull(unit, x''), ifnull(newest, x'')) FROM commits WHERE seq = (SELECT max(seq) FROM commits)
  UNION ALL SELECT 'collisions', EXISTS (SELECT 1 FROM edge_collisions)
  UNION ALL SELECT 'tombstones', EXISTS (SELECT 1 FROM nodes WHERE gone IS NOT NULL)
  UNION ALL SELECT 'meta.' || name, value FROM meta`;

export function parseLease(value: SqlValue | undefined): Lease | undefined {
  if (typeof value !== "string") return undefined;
  try {
    const { unit, until } = JSON.parse(value) as { unit: Id; until: number };
    return typeof unit === "string" && typeof until === "number" ? { unitId: unit, until } : undefined;
  } catch {
    return undefined;
  }
}
