/** Histories that each CI run plays, by where. */
export const runs = {
  memory: 2000,
  memoryFromAfar: 1600,
  awkward: 700,
  awkwardAndSmall: 300,
  forgetful: 220,
  sqlite: 70,
  sqliteLater: 60,
  sqliteSmall: 30,
  /** Each a round of four real processes. */
  processes: 24,
} as const;

/** Of the histories of each place, at least so many must have an attempt that lost to another unit. */
export const LEAST_CONTENDED = 0.3;
