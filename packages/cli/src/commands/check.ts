import { checkFile } from "@rootwalk/persist-sqlite/tools";
import { grouped, print, safe } from "../output.ts";
import { FOUND, OK } from "../status.ts";

export async function check(file: string, { json }: { readonly json: boolean }): Promise<number> {
  const report = await checkFile(file);
  const total = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
  if (json) {
    print(JSON.stringify(report, null, 2));
    return total === 0 ? OK : FOUND;
  }
  const looked = `${grouped(report.nodes)} nodes and ${grouped(report.edges)} edges`;
  if (total === 0) {
    print(`${safe(report.path)}: nothing wrong with ${looked}`);
    return OK;
  }
  for (const { problem, message } of report.findings) print(`${problem.padEnd(10)}  ${safe(message)}`);
  const listed = report.findings.length;
  if (total > listed) print(`and ${grouped(total - listed)} more`);
  print(`${safe(report.path)}: ${grouped(total)} findings in ${looked}`);
  return FOUND;
}
