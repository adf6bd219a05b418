import { memory } from "@rootwalk/core";
import { storeConformance } from "@rootwalk/core/conformance";
import { behaviour } from "./behaviour.ts";
import { type Report, run } from "./runner.ts";

export interface PortableReport extends Report {
  /** Whether the platform lets functions be made of strings: where not, closures take the place of generated code. */
  readonly generatesCode: boolean;
}

/** Everything that must hold wherever the library runs: its behaviour over the memory store, and that store itself. */
export async function runEverything(): Promise<PortableReport> {
  const report = await run(({ describe, test }) => {
    describe("behaviour", () => behaviour({ describe, test }));
    describe("the memory store", () =>
      storeConformance({ describe, test, create: memory, reopen: (store) => store }));
  });
  return { ...report, generatesCode: generatesCode() };
}

function generatesCode(): boolean {
  try {
    return new Function("return true")() as boolean;
  } catch {
    return false;
  }
}
