import { GraphError, ValidationError } from "../errors.ts";
import { type Id, isId } from "../model/id.ts";
import { readOptions } from "../model/options.ts";
import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import type { SweepOptions, SweepReport, TakenKey } from "../types/evolution.ts";
import { readSignal } from "../util/stop-signal.ts";
import type { EvolutionHost } from "./host.ts";
import { FEW_TOGETHER, rewrite } from "./rewrite.ts";

/** Records that are looked at in one turn of the event loop. */
const STRETCH = 256;
const LISTED = 100;

/**
 * Rewrites every record of the code's types that is stored in another shape than the code has, in small units of work
 * between which the app's own go on. Rows are looked at past L1, so that what the app has in memory stays there.
 */
export async function sweep(host: EvolutionHost, given: unknown): Promise<SweepReport> {
  const { store, catalog, scheduler } = host.runtime;
  const { onProgress, signal, after } = readSettings(given);
  if (store.supports.readOnly)
    throw new GraphError({
      code: "RW_READ_ONLY",
      message: `sweep: ${store.name} is open for reading only, and nothing can be rewritten`,
    });
  const counts = { records: 0, rewritten: 0, unreadable: 0, newer: 0, taken: 0 };
  const takenKeys: TakenKey[] = [];
  const types = catalog.sweptNumbers();
  const place =
    after === undefined
      ? undefined
      : readPlace(
          after,
          types.map((number) => catalog.definition(number)),
        );
  const turn = async (): Promise<void> => {
    await new Promise<void>((resolve) => scheduler.nextTurn(resolve));
    signal?.throwIfAborted();
    host.requireOpen();
  };
  signal?.throwIfAborted();
  for (const [i, number] of types.entries()) {
    if (place !== undefined && i < place.type) continue;
    const definition = catalog.definition(number);
    const kind = definition.kind === "node" ? NODE : EDGE;
    let from = i === place?.type ? place.id : undefined;
    for (let more = true; more; ) {
      const page = await scan(host, kind, definition, from);
      await rewrite(
        host,
        kind,
        page.stale,
        FEW_TOGETHER,
        (outcome) => {
          if (outcome !== "current") counts[outcome] += 1;
        },
        (error, id) => {
          counts.taken += 1;
          const { type, fields, values } = error;
          if (takenKeys.length < LISTED) takenKeys.push({ id, type, fields, values });
        },
      );
      counts.records += page.count;
      from = page.last ?? from;
      more = page.more;
      const type = definition.name;
      onProgress?.({ ...counts, type, place: `${definition.storedName} ${from ?? ""}` });
      await turn();
    }
  }
  return Object.freeze({ ...counts, takenKeys: Object.freeze(takenKeys) });
}

interface Stretch {
  readonly count: number;
  /** Records of another shape. */
  readonly stale: Id[];
  readonly last: Id | undefined;
  readonly more: boolean;
}

async function scan(
  { runtime: { store } }: EvolutionHost,
  kind: RecordKind,
  { storedName: type, shape }: TypeDefinition,
  after: Id | undefined,
): Promise<Stretch> {
  const asked = { type, order: "asc", after, limit: STRETCH } as const;
  const { rows, more } =
    kind === NODE
      ? await store.scan({ ...asked, kind: "node" })
      : await store.scan({ ...asked, kind: "edge" });
  const stale: Id[] = [];
  for (let i = 0; i < rows.length; i++) if (rows.shapes[i] !== shape) stale.push(rows.ids.at(i));
  return {
    count: rows.length,
    stale,
    last: rows.length === 0 ? undefined : rows.ids.at(rows.length - 1),
    more,
  };
}

const optionNames = ["onProgress", "signal", "after"];

function readSettings(given: unknown): SweepOptions {
  const options: SweepOptions = readOptions("sweep", given, optionNames);
  const { onProgress, signal, after } = options;
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new TypeError("sweep: onProgress is a function");
  readSignal("sweep", signal);
  if (after !== undefined && typeof after !== "string")
    throw new TypeError("sweep: after is the place that a sweep's progress has told");
  return options;
}

/** Where a sweep that came so far goes on. */
function readPlace(
  place: string,
  types: readonly TypeDefinition[],
): { readonly type: number; readonly id: Id | undefined } {
  const [name, id = ""] = place.split(" ");
  const type = types.findIndex(({ storedName }) => storedName === name);
  if (type < 0 || (id !== "" && !isId(id)))
    throw invalid(`sweep: ${JSON.stringify(place)} is no place of a sweep over these types`);
  return { type, id: id === "" ? undefined : (id as Id) };
}

function invalid(message: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message });
}
