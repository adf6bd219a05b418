export type { BackupOptions } from "./backup.ts";
export type {
  BackupProgress,
  BetterSqlite3Class,
  BetterSqlite3Database,
  NodeSqliteClass,
  NodeSqliteDatabase,
  SqliteDriver,
} from "./drivers.ts";
export type { IndexProgress, SqliteEnvironment, SqliteOptions } from "./options.ts";
export { SqliteStore, sqlite } from "./sqlite-store.ts";
