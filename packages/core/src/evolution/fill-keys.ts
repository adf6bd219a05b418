import { GraphError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { RowDamage } from "../persistence/rows.ts";
import type { LookupRequest } from "../persistence/store.ts";
import { NODE } from "../resident/change-log.ts";
import type { IndexDefinition } from "../schema/definition.ts";
import type { EvolutionHost } from "./host.ts";
import { rewrite } from "./rewrite.ts";

const STRETCH = 256;
const LISTED = 20;

/**
 * Before a graph is open: rewrites the records that unique indexes have as lacking a field for which the code has a
 * value, so that their keys are held. The indexes list them at their ends, so that it takes no longer than there are
 * such records.
 *
 * @throws {GraphError} `RW_STORE_CATALOG` where several records turn out to have one key
 */
export async function fillKeys(host: EvolutionHost): Promise<void> {
  const { catalog } = host.runtime;
  for (const index of catalog.indexes()) {
    // Records that lack a later field are all over the index; a sweep rewrites them.
    if (index.unique && catalog.filledFields(index).includes(0)) await fill(host, index);
  }
}

async function fill(host: EvolutionHost, index: IndexDefinition): Promise<void> {
  const { store, catalog } = host.runtime;
  const { name, fields } = index.stored;
  const lacking = fields[0]!;
  const duplicates: { readonly values: readonly unknown[]; readonly ids: readonly Id[] }[] = [];
  let count = 0;
  let after: LookupRequest["after"];
  for (let more = true; more; ) {
    const page = await store.lookup({ index: name, equals: [], order: "desc", after, limit: STRETCH });
    const { rows } = page;
    const stale: Id[] = [];
    const from = after;
    more = page.more;
    for (let i = 0; i < rows.length; i++) {
      const data = rows.fields[i]!;
      if (data instanceof RowDamage) continue;
      if (data[lacking] !== undefined) {
        more = false;
        break;
      }
      after = { key: fields.map((field) => data[field]), id: rows.ids.at(i) };
      const { shape } = catalog.definition(catalog.numberOfStored(rows.types[i]!));
      if (rows.shapes[i] !== shape) stale.push(rows.ids.at(i));
    }
    if (after === from) more = false;
    await rewrite(
      host,
      NODE,
      stale,
      STRETCH,
      () => {},
      ({ values }, id) => {
        count += 1;
        if (duplicates.length < LISTED) duplicates.push({ values, ids: [id] });
      },
    );
  }
  if (count === 0) return;
  throw new GraphError({
    code: "RW_STORE_CATALOG",
    message:
      `${index.name} cannot be unique: ${count} stored ${count === 1 ? "record comes" : "records come"} to a key that another one has, ` +
      `such as ${duplicates[0]!.ids[0]}`,
    remedy:
      "Let the default or the step of the history give each record a key of its own, or declare an index that is not unique.",
    details: { index: index.name, fields: index.fields, duplicates },
  });
}
