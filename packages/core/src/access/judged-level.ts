import { NewerShapeError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import type { LevelValue } from "../model/level.ts";
import type { RecordState } from "../resident/record-table.ts";
import { damageOf } from "../resident/states.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import type { Deciding } from "./policy.ts";

/** What a type's rule says that `me` may do with a record of these fields; `undefined` where it leaves that to grants. */
export function judgedLevel(
  definition: TypeDefinition,
  state: RecordState,
  me: Id,
  deciding: Deciding | undefined,
): LevelValue | undefined {
  // Fields that cannot be read would look absent to the rule, and absence may open what they close.
  if (damageOf(state) !== undefined) {
    if (deciding !== undefined) deciding.step = "unreadable-fields";
    return 0;
  }
  let answer: LevelValue | undefined;
  try {
    answer = definition.judge(state, me);
  } catch (error) {
    // It asked for a field that this code cannot read.
    if (!(error instanceof NewerShapeError)) throw error;
    if (deciding !== undefined) deciding.step = "unreadable-fields";
    return 0;
  }
  if (answer !== undefined && deciding !== undefined) deciding.step = "rule";
  return answer;
}
