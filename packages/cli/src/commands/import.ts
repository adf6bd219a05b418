import { createReadStream, existsSync, rmSync, statSync } from "node:fs";
import { importJsonl } from "@rootwalk/core/interchange";
import { sqlite } from "@rootwalk/persist-sqlite";
import { grouped, note, print, progress } from "../output.ts";
import { OK, UsageError } from "../status.ts";

export interface ImportCommandOptions {
  readonly leaveOut: boolean;
  readonly json: boolean;
}

/** @param source a path, or `-` for what is typed or piped in, which cannot be read twice */
export async function importAll(
  file: string,
  source: string,
  { leaveOut, json }: ImportCommandOptions,
): Promise<number> {
  const isPiped = source === "-";
  if (!isPiped && !statSync(source, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`${source} is no file`, "Give the path of an export, or - for stdin.");
  const isNew = !existsSync(file);
  try {
    const counts = await importJsonl(sqlite(file), isPiped ? process.stdin : () => createReadStream(source), {
      ...(leaveOut && { unreadable: "leave out" as const }),
      onProgress: ({ step, lines }) => progress(`${step} ${grouped(lines)} lines`),
    });
    progress("");
    if (json) print(JSON.stringify(counts));
    else {
      print(`${grouped(counts.nodes)} nodes and ${grouped(counts.edges)} edges imported`);
      if (counts.present > 0) note(`${grouped(counts.present)} records were there already`);
      if (counts.leftOut > 0) note(`${grouped(counts.leftOut)} records left out`);
    }
    return OK;
  } catch (error) {
    progress("");
    // Lines that were checked beforehand have left nothing behind but a file without records.
    if (isNew && !isPiped && isRefusal(error))
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  const { code, details } = error as {
    code?: string;
    details?: { written?: { nodes: number; edges: number } };
  };
  if (code === "RW_IMPORT_FORMAT") return true;
  return code === "RW_IMPORT_LINE" && details?.written?.nodes === 0 && details.written.edges === 0;
}
