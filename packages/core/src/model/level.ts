import { ValidationError } from "../errors.ts";

/** What a principal may do with a record; each level includes the ones before it. */
export type Level = "none" | "read" | "connect" | "write";

/** A level as a number that can be compared and packed: 0 none, 1 read, 2 connect, 3 write. */
export type LevelValue = 0 | 1 | 2 | 3;

/** The levels, ascending: `levels[value]` is the name of a value. */
export const levels: readonly [Level, Level, Level, Level] = Object.freeze([
  "none",
  "read",
  "connect",
  "write",
]) as readonly [Level, Level, Level, Level];

/** Whether a value is one of the four levels. */
export function isLevel(value: unknown): value is Level {
  return value === "none" || value === "read" || value === "connect" || value === "write";
}

/**
 * The number of a level.
 *
 * @throws {ValidationError} `RW_ACCESS_LEVEL` for anything that is no level; rules and grants come from users.
 */
export function levelValue(level: Level): LevelValue {
  switch (level) {
    case "none":
      return 0;
    case "read":
      return 1;
    case "connect":
      return 2;
    case "write":
      return 3;
    default:
      throw new ValidationError({
        code: "RW_ACCESS_LEVEL",
        message: `${typeof level === "string" ? JSON.stringify(level) : typeof level} is not an access level`,
      });
  }
}

/** The name of a level's number. */
export function levelName(value: LevelValue): Level {
  return levels[value];
}
