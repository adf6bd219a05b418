import { handOut } from "../model/value.ts";
import type { State } from "./entity.ts";

const viewed: unique symbol = Symbol("state");

/**
 * Gives a function that shows a state without letting it be changed: getters alone, values handed out as everywhere.
 * For access rules, which see records of all users, and for weights.
 */
export function recordView(fields: readonly string[]): (state: State) => object {
  class RecordView {
    readonly [viewed]: State;

    constructor(state: State) {
      this[viewed] = state;
    }
  }
  for (const field of fields) {
    Object.defineProperty(RecordView.prototype, field, {
      get(this: RecordView) {
        return handOut(this[viewed][field]);
      },
      enumerable: true,
    });
  }
  return (state) => new RecordView(state);
}
