import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import { BATCH } from "../resident/loader.ts";
import { DELETED } from "../resident/record-table.ts";
import type { Runtime } from "../unit/runtime.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { type Location, NOWHERE } from "./walk-unit.ts";

/**
 * A checkpoint from before L1 was dropped, with its places as they are now: each record is looked for by its id. What
 * is not there any more keeps the place that it had, where nothing is found.
 */
export function relocated(runtime: Runtime, checkpoint: Checkpoint): MaybePromise<Checkpoint> {
  const { resident } = runtime;
  const { flushes } = resident;
  const places = new Map<Location, Location>();
  const forgotten: [number[], number[]] = [[], []];
  for (const location of locationsOf(checkpoint)) {
    if (location === NOWHERE || places.has(location)) continue;
    places.set(location, location);
    const kind = (location & 1) as RecordKind;
    const table = kind === NODE ? resident.nodes : resident.edges;
    if ((table.flags[location >> 1]! & DELETED) !== 0) forgotten[kind].push(location >> 1);
  }
  const found = andThen(findAgain(runtime, NODE, forgotten[NODE], places), () =>
    findAgain(runtime, EDGE, forgotten[EDGE], places),
  );
  return andThen(found, () => {
    if (resident.flushes !== flushes) return relocated(runtime, checkpoint);
    return moved(checkpoint, (location) => places.get(location) ?? location);
  });
}

function* locationsOf({
  location,
  lastEntered,
  queue,
  exits,
  ignored,
  entered,
}: Checkpoint): Generator<Location> {
  yield location;
  yield lastEntered;
  for (let at = queue.from; at < queue.to; at++) yield queue.items[at]!;
  for (let at = 0; at < exits.length; at++) yield exits.items[at]!;
  yield* ignored.order.keys();
  for (let at = 0; at < (entered?.size ?? 0); at++) yield entered!.order[at]!;
}

function findAgain(
  runtime: Runtime,
  kind: RecordKind,
  slots: readonly number[],
  places: Map<Location, Location>,
): MaybePromise<void> {
  const { resident, loader } = runtime;
  const table = kind === NODE ? resident.nodes : resident.edges;
  for (let from = 0; from < slots.length; from += BATCH) {
    const batch = slots.slice(from, from + BATCH);
    const ids = batch.map((slot) => table.idOf(slot));
    const note = (): void => {
      for (const slot of batch) {
        const at = slot << 2;
        const found = table.find(table.ids[at]!, table.ids[at + 1]!, table.ids[at + 2]!, table.ids[at + 3]!);
        if (found < 0) continue;
        resident.pin(table, found);
        places.set(slot * 2 + kind, found * 2 + kind);
      }
    };
    const read = kind === NODE ? loader.nodesById(ids, note) : loader.edgesById(ids, note);
    if (isThenable(read))
      return (read as Promise<void>).then(() => findAgain(runtime, kind, slots.slice(from + BATCH), places));
  }
}

function moved(checkpoint: Checkpoint, to: (location: Location) => Location): Checkpoint {
  const { queue, exits, ignored, entered } = checkpoint;
  return {
    ...checkpoint,
    location: to(checkpoint.location),
    lastEntered: to(checkpoint.lastEntered),
    queue: {
      items: queue.items.slice(queue.from, queue.to).map(to),
      from: 0,
      to: queue.to - queue.from,
    },
    exits: { items: exits.items.slice(0, exits.length).map(to), length: exits.length },
    ignored: {
      order: new Map([...ignored.order].map(([location, order]) => [to(location), order])),
      size: ignored.size,
    },
    entered: entered && { order: entered.order.slice(0, entered.size).map(to), size: entered.size },
  };
}
