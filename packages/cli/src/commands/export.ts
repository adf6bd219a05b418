import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { exportFile } from "@rootwalk/persist-sqlite/tools";
import { emit, grouped, note, print } from "../output.ts";
import { FOUND, OK, UsageError } from "../status.ts";

export interface ExportOptions {
  readonly output: string | undefined;
  readonly json: boolean;
}

export async function exportAll(file: string, { output, json }: ExportOptions): Promise<number> {
  if (output === undefined) return report(await exportFile(file, emit), json, note);
  let descriptor: number | undefined;
  let isDone = false;
  try {
    const counts = await exportFile(file, (lines) => {
      // Only once the file was found to be one: a refusal leaves nothing behind.
      descriptor ??= create(output);
      const bytes = Buffer.from(lines);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    });
    isDone = true;
    return report(counts, json, json ? print : note);
  } finally {
    if (descriptor !== undefined) {
      closeSync(descriptor);
      if (!isDone) rmSync(output, { force: true });
    }
  }
}

function create(output: string): number {
  try {
    return openSync(output, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new UsageError(`${output} exists already`, "Give another path, or remove it.");
    throw error;
  }
}

type Counts = Awaited<ReturnType<typeof exportFile>>;

function report(counts: Counts, json: boolean, say: (line: string) => void): number {
  const { nodes, edges, unreadable, left } = counts;
  if (json) say(JSON.stringify(counts));
  else {
    say(`${grouped(nodes)} nodes and ${grouped(edges)} edges exported`);
    if (unreadable > 0) say(`${grouped(unreadable)} of them cannot be read: their lines say why`);
    if (left > 0) say(`${grouped(left)} damaged records left out: see \`rootwalk check\``);
  }
  return unreadable + left > 0 ? FOUND : OK;
}
