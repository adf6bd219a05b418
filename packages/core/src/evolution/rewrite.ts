import { ConflictError, UniqueViolationError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { NODE, type RecordKind } from "../resident/change-log.ts";
import { damageOf, readingOfState } from "../resident/states.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import type { EvolutionHost } from "./host.ts";

/** What has become of a record that is not stored in the shape that the code has. */
export type Rewritten = "rewritten" | "current" | "unreadable" | "newer";

/** Records that are rewritten in one unit of work: few, so that it is short and the app's units lose little to it. */
export const FEW_TOGETHER = 64;

/** How often a record is tried that others write each time. */
const MOST_TRIES = 50;

/**
 * Stores records again as they are, in the shape that the code has now. What others rewrite or delete meanwhile is left
 * to them.
 *
 * @param together how many go in one unit of work, 256 at most
 * @param taken is told of each record whose key another one has
 */
export async function rewrite(
  host: EvolutionHost,
  kind: RecordKind,
  ids: readonly Id[],
  together: number,
  done: (outcome: Rewritten) => void,
  taken: (error: UniqueViolationError, id: Id) => void,
): Promise<void> {
  for (let from = 0; from < ids.length; from += together) {
    const some = ids.slice(from, from + together);
    try {
      for (const outcome of await rewriteTogether(host, kind, some)) done(outcome);
    } catch (error) {
      if (!(error instanceof UniqueViolationError || error instanceof ConflictError)) throw error;
      await rewriteSingly(host, kind, some, done, taken);
    }
  }
}

async function rewriteSingly(
  host: EvolutionHost,
  kind: RecordKind,
  ids: readonly Id[],
  done: (outcome: Rewritten) => void,
  taken: (error: UniqueViolationError, id: Id) => void,
): Promise<void> {
  for (const id of ids) {
    for (let tries = 1; ; tries++) {
      try {
        for (const outcome of await rewriteTogether(host, kind, [id])) done(outcome);
        break;
      } catch (error) {
        if (error instanceof ConflictError && tries < MOST_TRIES) continue;
        if (!(error instanceof UniqueViolationError)) throw error;
        taken(error, id);
        break;
      }
    }
  }
}

function rewriteTogether(host: EvolutionHost, kind: RecordKind, ids: readonly Id[]): Promise<Rewritten[]> {
  return host.run(({ unit }) => {
    const write = (): Rewritten[] => ids.map((id) => rewriteOne(unit, kind, id));
    const { loader } = unit;
    unit.begin();
    const read: MaybePromise<Rewritten[]> =
      kind === NODE ? loader.nodesById(ids, write) : loader.edgesById(ids, write);
    return andThen(read, (outcomes) => outcomes);
  });
}

function rewriteOne(unit: Unit, kind: RecordKind, id: Id): Rewritten {
  const slot = unit.findResident(kind, id);
  const state = slot < 0 || unit.isRemoved(kind, slot) ? undefined : unit.stateOf(kind, slot);
  if (state === undefined) return "current";
  const reading = readingOfState(state);
  if (damageOf(state) !== undefined) return "unreadable";
  if (reading === undefined) return "current";
  if (reading.shape === undefined) return "newer";
  unit.rewrite(kind, slot, state);
  return "rewritten";
}
