import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { edge, type Graph, node, openGraph, via } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { z } from "zod";
import { command } from "./build.ts";

export class Room extends node(
  "Room",
  { name: z.string(), visits: z.int().default(0), topic: z.string().optional() },
  { unique: ["name"] },
) {}
export class Suite extends Room.extend("Suite", { beds: z.bigint() }) {}
export class Message extends node("Message", { text: z.string(), sent: z.date() }, { index: ["sent"] }) {}
export class Posted extends edge("Posted", { at: z.number() }, { from: Room, to: Message }) {}
export class Near extends edge("Near", {}, { from: Room, to: Room, undirected: true }) {}
export const types = [Room, Suite, Message, Posted, Near];

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command in a process of its own, with nothing to type into. */
export function rootwalk(...args: string[]): Result {
  return rootwalkIn(process.cwd(), ...args);
}

export function rootwalkIn(cwd: string, ...args: string[]): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

/** What a command answers that ends well; lines of JSON where it is asked for them. */
export function answer(...args: string[]): string {
  const { status, stdout, stderr } = rootwalk(...args);
  if (status !== 0) throw new Error(`rootwalk ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

export function jsonLines<T = Record<string, unknown>>(text: string): T[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "rootwalk-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export async function openFile(path: string): Promise<Graph> {
  const graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });
  onTestFinished(() => graph.close());
  return graph;
}

/** A closed file: a lobby with three messages, near a suite. */
export async function chat(path: string = join(temporaryDirectory(), "chat.db")): Promise<string> {
  const graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });
  await fill(graph);
  await graph.close();
  return path;
}

/** As `chat`, for all tests of a file that only look at it. */
export function sharedChat(): () => string {
  let folder = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "rootwalk-cli-"));
    await chat(join(folder, "chat.db"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => join(folder, "chat.db");
}

export async function fill(graph: Graph): Promise<void> {
  await graph.transaction((tx) => {
    const lobby = tx.create(Room, { name: "lobby", visits: 3 });
    for (let at = 1; at <= 3; at++)
      lobby.connect(Message, { text: `message ${at}`, sent: new Date(at) }, via(Posted, { at: at * 10 }));
    lobby.link(tx.create(Suite, { name: "royal", beds: 2n }), via(Near));
  });
}

/** Everything in a folder, byte for byte. */
export function contents(folder: string): Record<string, Buffer> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}
