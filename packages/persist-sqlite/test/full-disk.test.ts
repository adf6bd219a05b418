import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommitUnknownError, type Graph, GraphError, openGraph } from "@rootwalk/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { sqlite } from "../src/index.ts";
import { Database } from "./database.ts";
import { Note, types } from "./shop.ts";
import { temporaryDirectory } from "./support.ts";

// A real file system of a few megabytes, in a file behind a loop device, or in memory where there is none. To mount
// one takes the rights of an administrator. Blocks are of 4 KiB, as nearly everywhere: where they are smaller, SQLite
// itself may be ended by SIGBUS, because it claims the room of its shared memory by one byte in 4 KiB.

const MEBIBYTE = 2 ** 20;

/** Mounts a small file system of its own; gives its folder, or `undefined` where that is not allowed. */
function smallDisk(kind: "ext4" | "tmpfs", options = ""): string | undefined {
  const directory = temporaryDirectory();
  const folder = join(directory, "disk");
  mkdirSync(folder);
  const run = (command: string, ...args: string[]): boolean =>
    spawnSync(command, args, { stdio: "ignore" }).status === 0;
  if (kind === "ext4") {
    const image = join(directory, "image");
    writeFileSync(image, "");
    const isMade =
      run("truncate", "-s", "8M", image) &&
      run("mkfs.ext4", "-q", "-b", "4096", "-m", "0", "-O", "^has_journal", image) &&
      run("mount", "-o", `loop${options}`, image, folder);
    if (!isMade) return undefined;
  } else if (!run("mount", "-t", "tmpfs", "-o", `size=6m${options}`, "tmpfs", folder)) return undefined;
  onTestFinished(() => void run("umount", "-l", folder));
  return folder;
}

function isMountable(kind: "ext4" | "tmpfs"): boolean {
  if (process.getuid?.() !== 0) return false;
  const probe = kind === "tmpfs" ? ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs"] : ["losetup", "-f"];
  const folder = join(process.cwd(), `.cache/probe-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    const [command = "", ...args] = probe;
    const { status } = spawnSync(command, kind === "tmpfs" ? [...args, folder] : args, { stdio: "ignore" });
    if (status === 0 && kind === "tmpfs") spawnSync("umount", [folder]);
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Commits notes of 8 KiB each until the disk is full; gives what was acknowledged, and the error. */
async function fillUp(graph: Graph, known: Set<string>): Promise<unknown> {
  for (let i = 0; i < 5_000; i++) {
    try {
      const { id } = await graph.transaction((tx) =>
        tx.create(Note, { about: "full", text: `${i}`.padEnd(8_192, "x") }),
      );
      known.add(id);
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

const kinds = ["ext4", "tmpfs"] as const;
describe.each(kinds.map((kind) => ({ kind, isThere: isMountable(kind) })))(
  "a small $kind",
  ({ kind, isThere }) => {
    test.runIf(isThere).each(["full", "normal"] as const)(
      "that is full gives a clear error, keeps what was acknowledged, and the graph goes on when there is room (%s)",
      async (durability) => {
        const folder = smallDisk(kind);
        if (folder === undefined) throw new Error(`no ${kind} could be mounted`);
        const path = join(folder, "graph.db");
        const spare = join(folder, "spare");
        writeFileSync(spare, new Uint8Array(MEBIBYTE));
        const graph = await openGraph({ types, store: sqlite(path, { durability }) });
        const acknowledged = new Set<string>();
        const unknown: string[] = [];
        for (let round = 0; round < 3; round++) {
          const error = await fillUp(graph, acknowledged);
          expect(error).toBeInstanceOf(GraphError);
          if (error instanceof CommitUnknownError) unknown.push(error.message);
          else
            expect(error).toMatchObject({ code: "RW_STORE_PLACE", message: expect.stringContaining("full") });
          expect((error as GraphError).remedy).toMatch(/space|again/);
          // Everything that was acknowledged can be read while the disk is full.
          const kept = new Set(await graph.nodes(Note).ids());
          for (const id of acknowledged) expect(kept.has(id)).toBe(true);
          expect(kept.size).toBeLessThanOrEqual(acknowledged.size + unknown.length);
          for (const id of kept) acknowledged.add(id);
        }
        expect(acknowledged.size).toBeGreaterThan(50);
        rmSync(spare);
        const { id } = await graph.transaction((tx) => tx.create(Note, { about: "room", text: "again" }));
        acknowledged.add(id);
        await graph.close();
        const again = await openGraph({ types, store: sqlite(path, { durability }) });
        expect(new Set(await again.nodes(Note).ids())).toEqual(acknowledged);
        await again.close();
        const file = new Database(path);
        expect(file.prepare("PRAGMA integrity_check").pluck().get()).toBe("ok");
        file.close();
      },
    );

    test.runIf(isThere)(
      "that is full refuses a new graph, and leaves nothing that hinders a later one",
      async () => {
        const folder = smallDisk(kind);
        if (folder === undefined) throw new Error(`no ${kind} could be mounted`);
        const spare = join(folder, "spare");
        const fill = spawnSync("dd", ["if=/dev/zero", `of=${spare}`, "bs=4k"], { stdio: "ignore" });
        expect(fill.status).not.toBe(0);
        const path = join(folder, "graph.db");
        await expect(openGraph({ types, store: sqlite(path) })).rejects.toMatchObject({
          code: expect.stringMatching(/^RW_STORE_(PLACE|FAILED)$/),
          message: expect.stringContaining(path),
        });
        rmSync(spare);
        const graph = await openGraph({ types, store: sqlite(path) });
        await graph.transaction((tx) => void tx.create(Note, { about: "room", text: "" }));
        expect(await graph.nodes(Note).count()).toBe(1);
        await graph.close();
      },
    );

    test.runIf(isThere)(
      "that is mounted read-only is refused, whether the file is there or not",
      async () => {
        const folder = smallDisk(kind);
        if (folder === undefined) throw new Error(`no ${kind} could be mounted`);
        const path = join(folder, "graph.db");
        const graph = await openGraph({ types, store: sqlite(path) });
        await graph.close();
        expect(spawnSync("mount", ["-o", "remount,ro", folder]).status).toBe(0);
        for (const name of ["graph.db", "other.db"]) {
          await expect(openGraph({ types, store: sqlite(join(folder, name)) })).rejects.toMatchObject({
            code: "RW_STORE_PLACE",
            message: expect.stringMatching(/cannot be (written|opened)/),
          });
        }
      },
    );
  },
);
