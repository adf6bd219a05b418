import type { Id } from "../model/id.ts";
import { readOptions } from "../model/options.ts";
import { handOut } from "../model/value.ts";
import { type FieldData, RowDamage } from "../persistence/rows.ts";
import { damageOf } from "../resident/states.ts";
import type { UnreadableRecord } from "../types/evolution.ts";
import type { EvolutionHost } from "./host.ts";

const STRETCH = 256;

/** Goes over every record of the store, past L1, and gives those whose fields cannot be read. */
export async function* unreadable(
  host: EvolutionHost,
  given: unknown,
): AsyncGenerator<UnreadableRecord, void, undefined> {
  const { store, catalog, resident, scheduler } = host.runtime;
  const stored = readWhetherStored(given);
  for (const [at, { kind, name, storedName, shape }] of catalog.definitions().entries()) {
    const number = at + 1;
    let after: Id | undefined;
    for (let more = true; more; ) {
      host.requireOpen();
      const asked = { type: storedName, order: "asc", after, limit: STRETCH } as const;
      const page =
        kind === "node"
          ? await store.scan({ ...asked, kind: "node" })
          : await store.scan({ ...asked, kind: "edge" });
      const { rows } = page;
      for (let i = 0; i < rows.length; i++) {
        const fields = rows.fields[i]!;
        // What was stored in the code's own shape was checked when it was.
        if (rows.shapes[i] === shape && catalog.isInCode(number) && !(fields instanceof RowDamage)) continue;
        const damage = damageOf(resident.stateOfRow(number, fields, rows.shapes[i]!));
        if (damage === undefined) continue;
        const found = { kind, id: rows.ids.at(i), type: name, reason: damage.reason, paths: damage.paths };
        const kept = !stored ? undefined : fields instanceof RowDamage ? fields.stored : copied(fields);
        yield Object.freeze(kept === undefined ? found : { ...found, stored: kept });
      }
      after = rows.length === 0 ? after : rows.ids.at(rows.length - 1);
      more = page.more;
      await new Promise<void>((resolve) => scheduler.nextTurn(resolve));
    }
  }
}

function copied(fields: FieldData): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) copy[key] = handOut(value);
  return copy;
}

function readWhetherStored(options: unknown): boolean {
  const { stored = false } = readOptions("unreadable", options, ["stored"]);
  if (typeof stored !== "boolean") throw new TypeError("unreadable: stored is true or false");
  return stored;
}
