import { type AccessRecord, newEdgeAccess, newNodeAccess } from "../../model/access-record.ts";
import type { Id } from "../../model/id.ts";
import type { Guards, Token } from "../change.ts";
import { EdgeRows, type FieldData, NodeRows, type RecordUpdate } from "../rows.ts";
import type { CommitBatch } from "../store.ts";
import { noGuards } from "./guard-list.ts";

/** What a record has that is not said. */
export interface RecordOptions {
  readonly id?: Id;
  readonly owner?: Id;
  readonly access?: AccessRecord;
  readonly shape?: number;
}

/** A batch in the making. */
export class BatchDraft {
  readonly unitId: Id;
  readonly nodes: NodeRows = new NodeRows();
  readonly edges: EdgeRows = new EdgeRows();
  readonly updates: RecordUpdate[] = [];
  readonly #newId: () => Id;
  readonly #owner: Id;

  constructor(newId: () => Id, owner: Id) {
    this.#newId = newId;
    this.#owner = owner;
    this.unitId = newId();
  }

  node(type: string, fields: FieldData = {}, options: RecordOptions = {}): Id {
    const { id = this.#newId(), owner = this.#owner, access = newNodeAccess, shape = 1 } = options;
    this.nodes.ids.push(id);
    this.nodes.owners.push(owner);
    this.nodes.push(type, access, 1, 1, shape, fields);
    return id;
  }

  edge(type: string, source: Id, target: Id, fields: FieldData = {}, options: RecordOptions = {}): Id {
    const { id = this.#newId(), owner = this.#owner, access = newEdgeAccess, shape = 1 } = options;
    this.edges.ids.push(id);
    this.edges.owners.push(owner);
    this.edges.sources.push(source);
    this.edges.targets.push(target);
    this.edges.push(type, access, 1, 1, shape, fields);
    return id;
  }

  /** New fields for a node that is at data version `expected`. */
  write(type: string, id: Id, expected: number, fields: FieldData): this {
    return this.update({
      kind: "node",
      id,
      type,
      data: { fields, changed: Object.keys(fields), shape: 1, expected },
    });
  }

  remove(type: string, id: Id): this {
    return this.update({ kind: "node", id, type, remove: true });
  }

  disconnect(type: string, id: Id, source: Id, target: Id): this {
    return this.update({ kind: "edge", id, type, source, target, remove: true });
  }

  update(update: RecordUpdate): this {
    this.updates.push(update);
    return this;
  }

  batch(base: Token, guards: Guards = noGuards): CommitBatch {
    const { unitId, nodes, edges, updates } = this;
    return { unitId, base, guards, nodes, edges, updates };
  }
}
