import { ClosedError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { Plan, unconstrained } from "../query/plan.ts";
import { hopStep, Query, type QueryContext } from "../query/query.ts";
import type { EntityHost, NodeEntity } from "../schema/entity.ts";

/**
 * Host of `session.root`: a root outside any unit of work. Queries from it run as units of their own; everything else
 * needs a unit.
 */
export class SessionHost implements EntityHost {
  readonly #context: QueryContext;

  constructor(context: QueryContext) {
    this.#context = context;
  }

  get graph(): object {
    return this.#context.catalog;
  }

  hop(
    node: NodeEntity,
    direction: "out" | "in" | "both",
    type?: unknown,
    filter?: unknown,
    options?: unknown,
  ): Query {
    const given = { ...unconstrained, kind: "given", ids: [node.id], slots: undefined } as const;
    const step = hopStep(this.#context.catalog, direction, type, filter, options);
    return new Query(this.#context, new Plan([given, step], "nodes"));
  }

  noteDataRead(): void {}

  remarkOn(): undefined {}

  ownerIdOf(entity: NodeEntity): Id {
    return entity.id;
  }

  accessOf(): never {
    throw outside("$access");
  }

  writeField(): never {
    throw outside("a write");
  }
  updateEntity(): never {
    throw outside("update");
  }
  deleteEntity(): never {
    throw outside("delete");
  }
  grant(): never {
    throw outside("grant");
  }
  revoke(): never {
    throw outside("revoke");
  }
  allowRoot(): never {
    throw outside("allowRoot");
  }
  disallowRoot(): never {
    throw outside("disallowRoot");
  }
  connect(): never {
    throw outside("connect");
  }
  link(): never {
    throw outside("link");
  }
  disconnect(): never {
    throw outside("disconnect");
  }
  edgeEnd(): never {
    throw outside("edges");
  }
  edgeEndId(): never {
    throw outside("edges");
  }
}

function outside(what: string): ClosedError {
  return new ClosedError({
    message: `${what} needs a unit of work, and this root belongs to none`,
    remedy: "Use tx.root inside graph.transaction(async (tx) => …), or w.root in a walker.",
  });
}
