import { createDraft, enableMapSet, finishDraft, setAutoFreeze } from "immer";
import { equalValues, handOut, type StoredValue } from "../model/value.ts";
import type { RecordState } from "../resident/record-table.ts";
import type { TypeDefinition } from "../schema/definition.ts";

enableMapSet();
// What is stored is frozen when it is taken in; freezing twice quadruples the cost of an edit.
setAutoFreeze(false);

/**
 * The state after a deep edit. Every changed field is validated before anything is stored.
 * @returns `before` itself where nothing changed
 * @throws {ValidationError}
 */
export function editDraft(definition: TypeDefinition, before: RecordState, edit: unknown): RecordState {
  if (typeof edit !== "function") throw new TypeError("update takes a function that edits a draft");
  // Values with a Map, Set, Date or bytes inside are copied whole, for an edit could reach into the cache otherwise.
  const base: Record<string, unknown> = {};
  for (const field of definition.fieldNames) base[field] = handOut(before[field]);
  const draft = createDraft(base);
  const result: unknown = (edit as (draft: unknown) => unknown)(draft);
  if (typeof result === "object" && result !== null && "then" in result) {
    throw new TypeError("update takes a synchronous function: await first, then edit");
  }
  const after = finishDraft(draft) as Record<string, unknown>;
  let state: Record<string, unknown> | undefined;
  for (const field of Object.keys(after)) {
    if (
      definition.hasField(field) &&
      (Object.is(after[field], before[field]) ||
        equalValues(after[field] as StoredValue, before[field] as StoredValue))
    )
      continue;
    const stored = definition.validateField(field, after[field]);
    state ??= { ...before };
    state[field] = stored;
  }
  for (const field of definition.fieldNames) {
    if (field in after || before[field] === undefined) continue;
    // `delete draft.field` asks for the field to be absent, which its validator may refuse or fill.
    const stored = definition.validateField(field, undefined);
    state ??= { ...before };
    state[field] = stored;
  }
  return state ?? before;
}
