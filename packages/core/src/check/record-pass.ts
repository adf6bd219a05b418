import type { Id } from "../model/id.ts";
import type { RowView } from "../persistence/row-view.ts";
import { missingId, RowDamage } from "../persistence/rows.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import type { Suspect } from "./finding.ts";
import { BATCH, type Look } from "./look.ts";

/** Roots that are remembered as such. */
const MOST_ROOTS = 10_000;

/** What nodes and edges have in common: that they can be read, of a known shape, and belong to somebody who is there. */
export class RecordPass {
  readonly #shapes: Map<string, ReadonlySet<number>>;
  /** Whether others may have added shapes since the store was opened. */
  readonly #isShared: boolean;
  readonly #roots: Set<Id> = new Set();

  constructor({ types }: CatalogDescription, isShared: boolean) {
    this.#isShared = isShared;
    this.#shapes = new Map(
      types.map(({ name, shapes }) => [name, new Set(shapes.map(({ version }) => version))]),
    );
  }

  async suspects(look: Look, kind: "node" | "edge", views: readonly RowView[]): Promise<Suspect[]> {
    const suspects: Suspect[] = [];
    const wanted = new Set<Id>();
    for (const view of views) {
      if (view.fields instanceof RowDamage) suspects.push(unreadable(kind, view));
      if (!this.#isShapeKnown(view)) suspects.push(this.#shape(kind, view));
      if (!this.#roots.has(view.owner)) wanted.add(view.owner);
      for (const root of view.access.roots.keys()) if (!this.#roots.has(root)) wanted.add(root);
    }
    await this.#learn(look, [...wanted]);
    for (const view of views) {
      if (!this.#roots.has(view.owner)) suspects.push(owner(kind, view));
      if ([...view.access.roots.keys()].some((root) => !this.#roots.has(root)))
        suspects.push(grant(kind, view));
    }
    return suspects;
  }

  /** Versions count up, so that one beyond those that are known may be a newer program's. */
  #isShapeKnown({ type, shape }: RowView): boolean {
    const known = this.#shapes.get(type);
    if (known === undefined || known.has(shape)) return known !== undefined;
    return this.#isShared && shape > Math.max(0, ...known);
  }

  async #learn(look: Look, ids: readonly Id[]): Promise<void> {
    if (this.#roots.size > MOST_ROOTS) this.#roots.clear();
    for (let from = 0; from < ids.length; from += BATCH) {
      for (const [id, { type }] of await look.nodes(ids.slice(from, from + BATCH)))
        if (type === "Root") this.#roots.add(id);
    }
  }

  #shape(kind: "node" | "edge", { id, type }: RowView): Suspect {
    return {
      kind: "type",
      record: kind,
      id,
      type,
      look: async (look) => {
        const now = await look.record(kind, id);
        if (now === undefined || this.#isShapeKnown(now)) return undefined;
        return { message: `its shape ${now.shape} is none that its type has had` };
      },
    };
  }
}

function unreadable(kind: "node" | "edge", { id, type }: RowView): Suspect {
  return {
    kind: "unreadable",
    record: kind,
    id,
    type,
    look: async (look) => {
      const now = await look.record(kind, id);
      if (!(now?.fields instanceof RowDamage)) return undefined;
      return { message: `its fields cannot be read: ${now.fields.reason}` };
    },
  };
}

function owner(kind: "node" | "edge", { id, type }: RowView): Suspect {
  return {
    kind: "owner",
    record: kind,
    id,
    type,
    look: async (look) => {
      const now = await look.record(kind, id);
      if (now === undefined) return undefined;
      const found = await look.record("node", now.owner);
      if (found?.type === "Root") return undefined;
      const what = found === undefined ? "is not there" : `is a ${found.type} and no root`;
      return { message: `its owner${named(now.owner)} ${what}`, others: [now.owner] };
    },
  };
}

/** An id as it stands behind what it is of; nothing where nobody can tell. */
export function named(id: Id): string {
  return id === missingId ? "" : ` ${id}`;
}

function grant(kind: "node" | "edge", { id, type }: RowView): Suspect {
  return {
    kind: "grant",
    record: kind,
    id,
    type,
    look: async (look) => {
      const now = await look.record(kind, id);
      const missing = now === undefined ? [] : await missingRoots(look, now);
      if (missing.length === 0) return undefined;
      return {
        message: `it grants something to ${missing.join(", ")}, ${missing.length === 1 ? "which is no root" : "which are no roots"}`,
        others: missing,
      };
    },
  };
}

/** The roots that a record names in its grants and that are none. */
export async function missingRoots(look: Look, { access }: RowView): Promise<Id[]> {
  const named = [...access.roots.keys()];
  const found = named.length === 0 ? undefined : await look.nodes(named);
  return named.filter((id) => found?.get(id)?.type !== "Root");
}
