import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { openUntyped } from "@rootwalk/core";
import { exportGexf, exportGraphML } from "@rootwalk/core/interchange";
import { sqlite } from "@rootwalk/persist-sqlite";
import { exportFile } from "@rootwalk/persist-sqlite/tools";
import { emit, grouped, note, print } from "../output.ts";
import { FOUND, OK, UsageError } from "../status.ts";

export interface ExportOptions {
  readonly output: string | undefined;
  readonly json: boolean;
  readonly format: "jsonl" | "graphml" | "gexf";
  /** Of GraphML and GEXF: the field that nodes are labelled by. */
  readonly label: string | undefined;
}

export async function exportAll(file: string, options: ExportOptions): Promise<number> {
  const { output, json } = options;
  const write = options.format === "jsonl" ? lines : forTools;
  if (output === undefined) return report(await write(file, emit, options), json, note);
  let descriptor: number | undefined;
  let isDone = false;
  try {
    const counts = await write(
      file,
      (text) => {
        // Only once the file was found to be one: a refusal leaves nothing behind.
        descriptor ??= create(output);
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      },
      options,
    );
    isDone = true;
    return report(counts, json, json ? print : note);
  } finally {
    if (descriptor !== undefined) {
      closeSync(descriptor);
      if (!isDone) rmSync(output, { force: true });
    }
  }
}

function lines(file: string, write: (text: string) => void): Promise<Counts> {
  return exportFile(file, write);
}

/** By the types that the file knows, as their records are read. */
async function forTools(
  file: string,
  write: (text: string) => void,
  { format, label }: ExportOptions,
): Promise<undefined> {
  const { graph } = await openUntyped({ store: sqlite(file, { readOnly: true }) });
  try {
    const pieces = (format === "gexf" ? exportGexf : exportGraphML)(
      graph,
      label === undefined ? {} : { label },
    );
    for await (const piece of pieces) write(piece);
  } finally {
    await graph.close();
  }
  return undefined;
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

function report(counts: Counts | undefined, json: boolean, say: (line: string) => void): number {
  if (counts === undefined) return OK;
  const { nodes, edges, unreadable, left } = counts;
  if (json) say(JSON.stringify(counts));
  else {
    say(`${grouped(nodes)} nodes and ${grouped(edges)} edges exported`);
    if (unreadable > 0) say(`${grouped(unreadable)} of them cannot be read: their lines say why`);
    if (left > 0) say(`${grouped(left)} damaged records left out: see \`rootwalk check\``);
  }
  return unreadable + left > 0 ? FOUND : OK;
}
