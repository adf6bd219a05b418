import { readdirSync, readlinkSync, statSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { WriteBack } from "../src/write-back.ts";
import { session, temporaryFile } from "./support.ts";

/** How often this process has the file open; of a file that is gone too. */
function handles(path: string): number {
  const links = readdirSync("/proc/self/fd").flatMap((handle) => {
    try {
      return [readlinkSync(`/proc/self/fd/${handle}`)];
    } catch {
      // The listing's own is closed by now.
      return [];
    }
  });
  return links.filter((link) => link.startsWith(path)).length;
}

test.runIf(process.platform === "linux")(
  "the log is written back beside large commits, and let go when the store closes",
  async () => {
    const path = temporaryFile();
    const client = await session(path);
    const log = `${path}-wal`;
    const before = handles(log);
    const draft = client.draft();
    for (let i = 0; i < 6_000; i++) draft.node("Room");
    await client.commit(draft);
    expect(statSync(log).size).toBeGreaterThan(0);
    expect(handles(log)).toBe(before + 1);
    await client.store.close();
    await vi.waitFor(() => expect(handles(log)).toBe(0));
  },
);

test("a log that cannot be opened is left alone", () => {
  const writeBack = new WriteBack(`${temporaryFile()}-wal`, 10_000);
  for (let i = 0; i < 3; i++) writeBack.note(5_000);
  writeBack.close();
  expect(() => writeBack.note(5_000)).not.toThrow();
});
