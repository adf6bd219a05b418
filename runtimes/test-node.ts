/**
 * `npm run test:node [-- ARGUMENT…]`: every suite of core and persist-sqlite on Node 22 and 24 over `node:sqlite`, the
 * long ones that `npm test` leaves to Node 20 too. The arguments go to vitest. Needs `npm run fetch:runtimes`.
 */
import { vitestOverNodeSqlite } from "./node-sqlite.ts";
import { locate } from "./registry.ts";

const PROJECTS = ["core", "core over SQLite", "persist-sqlite"].flatMap((name) => ["--project", name]);

for (const name of ["Node 22", "Node 24"] as const) {
  const found = locate(name);
  if ("remedy" in found) throw new Error(`${name} is not here: ${found.remedy}`);
  console.log(`\n${name}, node:sqlite`);
  const args = [...PROJECTS, "--reporter=dot", ...process.argv.slice(2)];
  const { status } = await vitestOverNodeSqlite(found.executable, args, {}, (text) =>
    process.stdout.write(text),
  );
  if (status !== 0) process.exitCode = 1;
}
