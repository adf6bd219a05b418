import { type CheckReport, type Finding, openUntyped } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { checkFile, type FileCheck, type FileFinding } from "@rootwalk/persist-sqlite/tools";
import { grouped, print, progress, safe } from "../output.ts";
import { FOUND, OK } from "../status.ts";

/** What only the file shows, and then what any graph does, as far as it can be opened as one. */
export async function check(
  file: string,
  { json, orphans }: { readonly json: boolean; readonly orphans: boolean },
): Promise<number> {
  const inFile = await checkFile(file);
  const inGraph = isClosed(inFile) ? undefined : await checkGraph(file, orphans);
  const findings: readonly (FileFinding | Finding)[] = [...inFile.findings, ...(inGraph?.findings ?? [])];
  const total = sum(inFile.counts) + sum(inGraph?.counts ?? {});
  const { path, nodes, edges } = inFile;
  if (json) {
    const counts = added(inFile.counts, inGraph?.counts ?? {});
    print(JSON.stringify({ path, findings, counts, nodes, edges }, null, 2));
    return total === 0 ? OK : FOUND;
  }
  const looked = `${counted(nodes, "node")} and ${counted(edges, "edge")}`;
  if (total === 0) {
    print(`${safe(path)}: nothing wrong with ${looked}`);
    return OK;
  }
  for (const { kind, message } of findings) print(`${kind.padEnd(10)}  ${safe(message)}`);
  if (total > findings.length) print(`and ${grouped(total - findings.length)} more`);
  if (inGraph === undefined) print("the file cannot be opened as a graph, and was not looked at as one");
  print(`${safe(path)}: ${counted(total, "finding")} in ${looked}`);
  return FOUND;
}

async function checkGraph(file: string, orphans: boolean): Promise<CheckReport> {
  const { graph } = await openUntyped({ store: sqlite(file, { readOnly: true }) });
  try {
    return await graph.check({
      orphans,
      onProgress: ({ phase, nodes, edges }) =>
        progress(`${phase}: ${counted(nodes, "node")}, ${counted(edges, "edge")}`),
    });
  } finally {
    progress("");
    await graph.close();
  }
}

/** Whether what is wrong keeps the file from being opened as a graph. */
function isClosed({ counts }: FileCheck): boolean {
  return (counts.sqlite ?? 0) + (counts.catalog ?? 0) + (counts.root ?? 0) > 0;
}

type Counts = Readonly<Record<string, number | undefined>>;

function added(left: Counts, right: Counts): Counts {
  const counts: Record<string, number> = {};
  for (const part of [left, right])
    for (const [kind, count = 0] of Object.entries(part)) counts[kind] = (counts[kind] ?? 0) + count;
  return counts;
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce<number>((total, count = 0) => total + count, 0);
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}
