import { describe, test } from "vitest";
import { locate, type RuntimeName } from "./registry.ts";

/**
 * Declares tests that need a runtime. Where it is missing they are skipped, in plain sight and with what to do about it;
 * where it is decided what lands (`CI`), that is a failure.
 */
export function withRuntime(name: RuntimeName, body: (executable: string) => void): void {
  const found = locate(name);
  if ("executable" in found) {
    describe(name, () => body(found.executable));
    return;
  }
  const reason = `${name} is not here: ${found.remedy}`;
  if (process.env.CI) {
    test(name, () => {
      throw new Error(reason);
    });
    return;
  }
  console.warn(`skipped: ${reason}`);
  describe.skip(`skipped: ${reason}`, () => body(""));
}
