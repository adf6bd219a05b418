import type { Entity } from "../schema/entity.ts";
import type { MaybePromise } from "../util/maybe-async.ts";

/**
 * A place a walk can be at, as one integer: the record's slot times two, plus one for an edge. Two references to one
 * record are the same number, so the queue, the ignored and the entered are plain numbers.
 *
 * A location that the unit has given stays valid as long as the unit and the checkpoints made in it.
 */
export type Location = number;

/** No location. */
export const NOWHERE = -1;

/** What a visit's target came down to. The engine keeps the arrays; nobody changes them. */
export class Located {
  /** In the order of the query or list, duplicates kept. */
  readonly locations: readonly Location[];
  /**
   * Of edges: the node that follows each, at the same index (opposite to where the query came from);
   * {@link NOWHERE} where none does, as after a node in a list of both.
   */
  readonly far?: readonly Location[] | undefined;

  constructor(locations: readonly Location[], far: readonly Location[] | undefined = undefined) {
    this.locations = locations;
    this.far = far;
  }
}

/**
 * What the engine needs of a unit of work. Everything answers at once over loaded data and synchronous stores; only
 * thenables are awaited, so that a walk with synchronous handlers creates no promise per step.
 */
export interface WalkUnit {
  /**
   * Finds out what a target stands for, as the unit is at `position` (see `mark`); without it, as it is now.
   * What the principal cannot read is left out, silently.
   *
   * Every `w.visit` asks without a position, at the call. A promise tells the engine that this takes reading: it is
   * not waited for, and its outcome not used; the engine takes a mark, asks again with it when the handler is done,
   * and finds loaded by then what the first call began to load. Only the target of a spawn is waited for as it is.
   *
   * @param here where the walk is, for the far end of a bare edge; undefined for the target of a spawn
   * @throws {TypeError} for anything that cannot be visited
   */
  locate(target: unknown, here: Entity | undefined, position?: number): MaybePromise<Located>;

  /** The unit as it is now, for a later `locate`; overwritten values are kept until `release` drops all marks. */
  mark(): number;
  release(): void;

  /** The record there as this unit's entity; `undefined` where it was deleted or became unreadable. */
  enter(location: Location): MaybePromise<Entity | undefined>;

  /** The number of the record's concrete type. Asked after `enter` gave the entity. */
  typeOf(location: Location): number;

  /** Whether the unit itself (or what it has seen) has deleted what is there. No I/O. */
  isGone(location: Location): boolean;

  /** Whether `enter` answers at once, without reading; so it does where the unit knows that nothing is there. */
  isResident(location: Location): boolean;

  /**
   * Loads what entering these next will need in as few reads as possible, with the neighbourhood pages that earlier
   * `locate` calls of this walk asked for. The engine calls it when the next location is not resident, with up to 256
   * locations in the order of their turns.
   */
  prefetch(locations: readonly Location[]): MaybePromise<void>;

  /** The query that a target is, as it prints; undefined for other targets. */
  textOf(target: unknown): string | undefined;

  /** {@link NOWHERE} for a record that the unit cannot be at. @throws {TypeError} for what is no entity */
  locationOf(entity: Entity): Location;
}
