import type { AccessRecord } from "../model/access-record.ts";
import type { Id } from "../model/id.ts";
import { levelValue } from "../model/level.ts";
import type { AccessStep } from "../types/access.ts";

/** Which clause of the procedure has settled a level: that one is told nothing is no clause. */
export type DecidingStep = Exclude<AccessStep, "hidden">;

/**
 * Where the procedure notes what it decided by, for whoever wants it explained. Deciding takes one along or none, and
 * nothing else tells the two apart: an explanation is the decision, made once more.
 */
export class Deciding {
  step: DecidingStep = "absent";
}

/**
 * What `me` may do with a record that it does not own and whose type has no rule, as a level number.
 *
 * Explicit entries win both ways: `none` on the owner's root locks one user out of everything the owner has, and an
 * entry on the record itself has the last word.
 *
 * @param ownerAccess the access record of the owner's root; `null` where that root was deleted: then nobody but the
 *   system root sees what it leaves until it is gone
 */
export function grantedLevel(
  record: AccessRecord,
  ownerAccess: AccessRecord | null,
  me: Id,
  deciding?: Deciding,
): number {
  if (ownerAccess === null) {
    if (deciding !== undefined) deciding.step = "owner-deleted";
    return 0;
  }
  const onRecord = record.roots.get(me);
  if (onRecord !== undefined) {
    if (deciding !== undefined) deciding.step = "record-entry";
    return levelValue(onRecord);
  }
  const onOwner = ownerAccess.roots.get(me);
  if (onOwner !== undefined) {
    if (deciding !== undefined) deciding.step = "owner-entry";
    return levelValue(onOwner);
  }
  const byRecord = levelValue(record.all);
  const byOwner = levelValue(ownerAccess.all);
  if (deciding !== undefined) deciding.step = byOwner > byRecord ? "owner-all" : "record-all";
  return Math.max(byRecord, byOwner);
}

/** Whether everything that a root owns is to `me` as it was, whatever else changed in the root's access record. */
export function grantsAlike(before: AccessRecord | null, after: AccessRecord | null, me: Id): boolean {
  if (before === after) return true;
  if (before === null || after === null) return false;
  const entry = before.roots.get(me);
  return entry === after.roots.get(me) && (entry !== undefined || before.all === after.all);
}
