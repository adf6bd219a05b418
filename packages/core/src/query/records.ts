import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import type { Entity } from "../schema/entity.ts";
import { NOW } from "../unit/pending.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import { youngArray } from "../util/young-array.ts";
import type { Output } from "./plan.ts";
import { PairReader, type Placed, type ResultReader } from "./rows.ts";
import { keepRuledEnds, type Selection } from "./select.ts";
import { withStates } from "./with-states.ts";

/** The records themselves, beside the places of what was found. */
class Records implements ResultReader<Entity> {
  readonly #kind: RecordKind;

  constructor(kind: RecordKind) {
    this.#kind = kind;
  }

  read(unit: Unit, { nodes, edges }: Selection): MaybePromise<Placed<Entity>> {
    const kind = this.#kind;
    if (kind === NODE) return this.#hand(unit, nodes);
    return andThen(unit.judgesByRule ? keepRuledEnds(unit, edges!) : undefined, () =>
      this.#hand(unit, edges!),
    );
  }

  #hand(unit: Unit, slots: readonly number[]): MaybePromise<Placed<Entity>> {
    const results = youngArray<Entity>();
    const places = youngArray<number>();
    return andThen(
      withStates(unit, this.#kind, slots, NOW, (at) => {
        results.push(this.#kind === NODE ? unit.node(slots[at]!) : unit.edge(slots[at]!));
        places.push(at);
      }),
      () => ({ results, places }),
    );
  }
}

const nodes: Records = new Records(NODE);
const edges: Records = new Records(EDGE);

/** Hands out nodes, edges or pairs. */
export const recordsOf: Readonly<Record<Output, ResultReader<unknown>>> = {
  nodes,
  edges,
  pairs: new PairReader(edges, nodes),
};
