import type Database from "better-sqlite3";
import { LIST_LIMIT, type LinkOperation, type LinkRecord, listChecksum } from "../linkbench.ts";
import { IdMaker } from "../time-ordered-id.ts";
import type { RawGraph, RawIds } from "./raw-sqlite.ts";

/** The LinkBench mix over the hand-written tables: one prepared statement for each step, each write its own transaction. */
export class RawLinkBench {
  readonly #ids: RawIds;
  readonly #newIds = new IdMaker(2);
  readonly #keyOf: Database.Statement;
  readonly #insertLink: Database.Statement;
  readonly #deleteLink: Database.Statement;
  readonly #updateLink: Database.Statement;
  readonly #countLinks: Database.Statement;
  readonly #getLink: Database.Statement;
  readonly #listLinks: Database.Statement;
  readonly #getNode: Database.Statement;
  readonly #insertNode: Database.Statement;
  readonly #updateNode: Database.Statement;
  readonly #addLink: Database.Transaction<(operation: LinkOperation & { kind: "addLink" }) => number>;
  readonly #deleteNode: Database.Transaction<(id: Buffer) => number>;

  constructor(graph: RawGraph, ids: RawIds) {
    const { db } = graph;
    this.#ids = ids;
    this.#keyOf = db.prepare("SELECT key FROM node WHERE id = ?").pluck();
    this.#insertLink = db.prepare("INSERT INTO edge (id, source, target, weight, ts) VALUES (?, ?, ?, ?, ?)");
    this.#deleteLink = db.prepare("DELETE FROM edge WHERE id = ?");
    this.#updateLink = db.prepare("UPDATE edge SET weight = ? WHERE id = ?");
    this.#countLinks = db
      .prepare("SELECT count(*) FROM edge WHERE source = (SELECT key FROM node WHERE id = ?)")
      .pluck();
    this.#getLink = db.prepare(
      `SELECT edge.id, far.id AS target, edge.weight, edge.ts
         FROM edge JOIN node AS far ON far.key = edge.target WHERE edge.id = ?`,
    );
    this.#listLinks = db.prepare(
      `SELECT edge.id, far.id AS target, edge.weight, edge.ts
         FROM edge JOIN node AS far ON far.key = edge.target
        WHERE edge.source = (SELECT key FROM node WHERE id = ?)
        ORDER BY edge.key DESC LIMIT ${LIST_LIMIT}`,
    );
    this.#getNode = db.prepare("SELECT id, name, grp, score FROM node WHERE id = ?");
    this.#insertNode = db.prepare("INSERT INTO node (id, name, grp, score) VALUES (?, ?, ?, ?)");
    this.#updateNode = db.prepare("UPDATE node SET score = ? WHERE id = ?");
    this.#addLink = db.transaction(({ source, target, weight, ts }) => {
      const from = this.#keyOf.get(this.#ids.nodes[source]);
      const to = this.#keyOf.get(this.#ids.nodes[target]);
      if (from === undefined || to === undefined) return 0;
      this.#insertLink.run(this.#newIds.bytes(), from, to, weight, ts);
      return 1;
    });

    const deleteOut = db.prepare("DELETE FROM edge WHERE source = ?");
    const deleteIn = db.prepare("DELETE FROM edge WHERE target = ?");
    const deleteNode = db.prepare("DELETE FROM node WHERE key = ?");
    this.#deleteNode = db.transaction((id) => {
      const key = this.#keyOf.get(id);
      if (key === undefined) return 0;
      deleteOut.run(key);
      deleteIn.run(key);
      return deleteNode.run(key).changes;
    });
  }

  /** Performs one operation and answers with a number that both sides must agree on. */
  perform(operation: LinkOperation): number {
    const { nodes, edges } = this.#ids;
    switch (operation.kind) {
      case "addLink":
        return this.#addLink.immediate(operation);
      case "deleteLink":
        return this.#deleteLink.run(edges[operation.link]).changes;
      case "updateLink":
        return this.#updateLink.run(operation.weight, edges[operation.link]).changes;
      case "countLinks":
        return this.#countLinks.get(nodes[operation.source]) as number;
      case "getLinks":
        return listChecksum(operation.links.flatMap((link) => this.#link(link) ?? []));
      case "listLinks":
        return listChecksum(this.#listLinks.all(nodes[operation.source]) as LinkRecord[]);
      case "getNode": {
        const node = this.#getNode.get(nodes[operation.node]) as { grp: number } | undefined;
        return node?.grp ?? -1;
      }
      case "addNode":
        return this.#insertNode.run(this.#newIds.bytes(), operation.name, operation.grp, operation.score)
          .changes;
      case "updateNode":
        return this.#updateNode.run(operation.score, nodes[operation.node]).changes;
      case "deleteNode":
        return this.#deleteNode.immediate(nodes[operation.node] as Buffer);
    }
  }

  #link(link: number): LinkRecord | undefined {
    return this.#getLink.get(this.#ids.edges[link]) as LinkRecord | undefined;
  }
}
