#!/usr/bin/env node
import { run } from "./program.ts";

// Where better-sqlite3 is not installed, Node warns of its own SQLite: nothing that a user could act on.
const { emitWarning } = process;
process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
  if (String(warning).includes("SQLite is an experimental feature")) return;
  emitWarning.call(process, warning as string, ...(rest as []));
}) as typeof emitWarning;

// The package, from its sources as from what is built of them.
process.exitCode = await run(process.argv.slice(2), new URL("../", import.meta.url));
