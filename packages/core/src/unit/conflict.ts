/**
 * Thrown through the body of a unit whose read set no longer holds; the runner replays the unit. It never reaches the
 * user as such, and catching it changes nothing: the unit is lost.
 */
export class UnitConflict extends Error {
  /** What it broke on; units that lost on the same key queue for it. */
  readonly key: string;
  constructor(key: string) {
    super(`what this unit of work has read was changed meanwhile (${key})`);
    this.key = key;
  }
}
