import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("the demo plays its scene", async () => {
  const demo = fileURLToPath(new URL("../src/demo.ts", import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    "--conditions=@rootwalk/source",
    "--import=tsx",
    demo,
  ]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/cat looks for ann → RW_NOT_FOUND: there is no user ann/);
  // Bob's like, and a hundred at once.
  expect(stdout).toMatch(/ann │ The kettle is on #tea +♥ 101/);
  const [, feedAtTheEnd] = stdout.split("ann's root is deleted");
  expect(feedAtTheEnd).toMatch(/cat │/);
  expect(feedAtTheEnd).not.toMatch(/ann │/);
});
