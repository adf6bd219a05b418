import { ValidationError } from "../errors.ts";
import { type Id, idBefore } from "../model/id.ts";
import { compareKeys, indexKey } from "../model/index-key.ts";
import type { RowView } from "../persistence/row-view.ts";
import { type FieldData, RowDamage } from "../persistence/rows.ts";
import type { LookupRequest } from "../persistence/store.ts";
import type { CatalogDescription, IndexDescription } from "../schema/catalog-description.ts";
import type { Suspect, Wrong } from "./finding.ts";
import { BATCH, FEW, type Look } from "./look.ts";

type Ask = Omit<LookupRequest, "order">;

/** Every record is found under its keys, no unique key is held twice, and no index holds a record anywhere else. */
export class IndexPass {
  readonly indexes: readonly IndexDescription[];
  /** Indexes by the name of each type that they cover. */
  readonly #byType: Map<string, IndexDescription[]> = new Map();

  constructor({ types, indexes }: CatalogDescription) {
    this.indexes = indexes;
    const parents = new Map(types.map(({ name, parent }) => [name, parent]));
    for (const { name } of types) {
      const line = new Set<string>();
      for (let at: string | undefined = name; at !== undefined && !line.has(at); at = parents.get(at))
        line.add(at);
      this.#byType.set(
        name,
        indexes.filter(({ type }) => line.has(type)),
      );
    }
  }

  covers(index: IndexDescription, type: string): boolean {
    return this.#byType.get(type)?.includes(index) === true;
  }

  async suspects(look: Look, views: readonly RowView[]): Promise<Suspect[]> {
    const suspects: Suspect[] = [];
    for (const view of views) {
      if (view.fields instanceof RowDamage) continue;
      for (const index of this.#byType.get(view.type) ?? []) {
        if ((await misfiled(look, index, view)) !== undefined) suspects.push(...this.#misfiled(index, view));
      }
    }
    return suspects;
  }

  #misfiled(index: IndexDescription, { id, type }: RowView): Suspect[] {
    const suspect = (kind: "index" | "unique"): Suspect => ({
      kind,
      record: "node",
      id,
      type,
      index: index.name,
      look: async (look) => {
        const now = await look.record("node", id);
        if (now === undefined || now.fields instanceof RowDamage || !this.covers(index, now.type))
          return undefined;
        const wrong = await misfiled(look, index, now);
        return wrong?.kind === kind ? wrong : undefined;
      },
    });
    return index.unique ? [suspect("index"), suspect("unique")] : [suspect("index")];
  }

  /** A stretch of an index: what stands in it out of order, twice, or at all though it should not. */
  async strays(look: Look, index: IndexDescription, after: Ask["after"]): Promise<Strays> {
    const request = { index: index.name, equals: [], after, limit: BATCH };
    const { views, more } = await look.lookup(request);
    const strays = this.#straysAmong(index, views);
    const suspects = [...strays].map((view): Suspect => {
      const { id, type } = view;
      return {
        kind: "index",
        record: "node",
        id,
        type,
        index: index.name,
        look: async (again) => {
          const { views: now } = await again.lookup(request);
          const found = [...this.#straysAmong(index, now)].find((stray) => stray.id === id);
          if (found === undefined) return undefined;
          if (!this.covers(index, found.type))
            return { message: `the index ${index.name} holds it, which does not cover its type` };
          return { message: `the index ${index.name} has it under a key that is not its own` };
        },
      };
    });
    const last = views.findLast((view) => !strays.has(view) && keyOf(index, view) !== undefined);
    const next = last && { key: valuesOf(index, last), id: last.id };
    return { suspects, looked: views.length, next: more ? next : undefined };
  }

  #straysAmong(index: IndexDescription, views: readonly RowView[]): Set<RowView> {
    const strays = new Set<RowView>();
    let last: Entry | undefined;
    let beforeLast: Entry | undefined;
    for (const view of views) {
      if (!this.covers(index, view.type)) {
        // A type that came with newer code, since the store was opened here, is nothing to judge.
        if (this.#byType.has(view.type)) strays.add(view);
        continue;
      }
      const key = keyOf(index, view);
      if (key === undefined) continue;
      const entry = { view, key };
      if (last !== undefined && compare(last, entry) >= 0) {
        // Of the two, the one that fits in with what came before stays.
        if (beforeLast === undefined || compare(beforeLast, entry) < 0) {
          strays.add(last.view);
          last = entry;
        } else {
          strays.add(view);
        }
        continue;
      }
      beforeLast = last;
      last = entry;
    }
    return strays;
  }
}

export interface Strays {
  readonly suspects: Suspect[];
  readonly looked: number;
  /** Where the next stretch begins; `undefined` at the end. */
  readonly next: Ask["after"];
}

/** The key that a record's fields make; `undefined` where they make none, which only damage can bring about. */
function keyOf(index: IndexDescription, view: RowView): Uint8Array | undefined {
  if (view.fields instanceof RowDamage) return undefined;
  try {
    return indexKey(valuesOf(index, view));
  } catch (error) {
    if (error instanceof ValidationError) return undefined;
    throw error;
  }
}

function valuesOf({ fields }: IndexDescription, view: RowView): unknown[] {
  return fields.map((field) => (view.fields as FieldData)[field]);
}

interface Entry {
  readonly view: RowView;
  readonly key: Uint8Array;
}

function compare(left: Entry, right: Entry): number {
  const order = compareKeys(left.key, right.key);
  if (order !== 0) return order;
  return left.view.id < right.view.id ? -1 : left.view.id > right.view.id ? 1 : 0;
}

/** What is wrong about the places of a record in an index. */
async function misfiled(
  look: Look,
  index: IndexDescription,
  view: RowView,
): Promise<(Wrong & { readonly kind: "index" | "unique" }) | undefined> {
  const { name, fields, unique, per } = index;
  const key = keyOf(index, view);
  if (key === undefined)
    return {
      kind: "index",
      message: `the index ${name} cannot hold its ${fields.join(", ")}`,
      beyondRepair: "only the app can give it a value that an index can hold",
    };
  const equals = valuesOf(index, view);
  const owner = per === "owner" ? view.owner : undefined;
  if (unique && equals.every((value) => value !== undefined)) {
    const request: Ask = { index: name, equals, ...(owner && { owner }), limit: 2 };
    const { views } = await look.lookup(request);
    const others = views.filter(({ id }) => id !== view.id);
    const isThere = others.length < views.length;
    const rival = others.find((other) => isSameKey(index, key, other));
    if (rival !== undefined)
      return {
        kind: "unique",
        message: `${rival.type} ${rival.id} has the same ${fields.join(", ")}, which ${name} keeps unique`,
        others: [rival.id],
      };
    if (!isThere) return { kind: "index", message: `the index ${name} does not have it under its key` };
    if (owner === undefined) return undefined;
  }
  const before = idBefore(view.id);
  const after = before === undefined ? undefined : { key: equals, id: before };
  const scopes: readonly (Id | undefined)[] = owner === undefined ? [undefined] : [undefined, owner];
  for (const scope of scopes) {
    const request: Ask = { index: name, equals, ...(scope && { owner: scope }), after, limit: FEW };
    const { views } = await look.lookup(request);
    if (views.some(({ id }) => id === view.id)) continue;
    const where = scope === undefined ? name : `${name} of its owner`;
    return { kind: "index", message: `the index ${where} does not have it under its key` };
  }
  return undefined;
}

function isSameKey(index: IndexDescription, key: Uint8Array, other: RowView): boolean {
  const held = keyOf(index, other);
  return held !== undefined && compareKeys(held, key) === 0;
}
