import { benchArguments, UsageError } from "./arguments.ts";
import { header, jsonRow, tableRow } from "./report.ts";
import { rowIds, rows } from "./rows.ts";
import { runRows } from "./runner.ts";

// npm run bench -- [--json] [--only P1,P7] [--scale N]
// Exit status: 0 when every row held its floor, 1 when one did not, 2 when the arguments make no sense.

try {
  const { json, only, scale } = benchArguments(process.argv.slice(2), rowIds);
  const chosen = only === undefined ? rows : rows.filter(({ id }) => only.has(id));
  if (!json) console.log(header());
  const results = await runRows(chosen, scale, (result) => {
    if (!json) console.log(tableRow(result));
  });
  if (json) console.log(JSON.stringify(results.map(jsonRow), null, 2));
  if (results.some(({ pass }) => !pass)) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
