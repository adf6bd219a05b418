import { UsageError } from "../arguments.ts";
import type { LossOptions } from "./losses.ts";

/**
 * How many states each mode gets: what promises most gets most, and the control comes on top.
 *
 * @throws {UsageError} for a durability that there is not
 */
export function shares(states: number, durability: string): LossOptions["states"] {
  // One in ten of these loses something: so many that none of them does is out of the question.
  const off = Math.max(150, Math.ceil(states / 50));
  switch (durability) {
    case "full":
      return { full: states, off };
    case "normal":
      return { normal: states, off };
    case "both": {
      const normal = Math.floor(states / 4);
      return { full: states - normal, normal, off };
    }
    default:
      throw new UsageError(`--durability takes full, normal or both, not "${durability}".`);
  }
}
