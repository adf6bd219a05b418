import { describe, expect, test } from "vitest";
import { showUntil } from "./browser.ts";
import { bundle } from "./bundle.ts";
import { type Place, servePage } from "./page-server.ts";
import { type PortableReport, runEverything } from "./portable/suites.ts";
import { withRuntime } from "./suite.ts";

// Core over the memory store, bundled by esbuild as an app's build does it, in a headless browser.

const places: readonly Place[] = ["page", "worker"];

/** Content security policies that a page may come with, and whether code may be made of strings under them. */
const policies: Record<string, { readonly policy?: string; readonly generatesCode: boolean }> = {
  "without a content security policy": { generatesCode: true },
  "where the policy forbids eval": { policy: "default-src 'self'", generatesCode: false },
  "where the policy asks for trusted types": {
    policy: "default-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
    generatesCode: false,
  },
};

const inNode = runEverything();
const script = bundle(`import "./runtimes/portable/page.ts";`);

withRuntime("Chromium", (executable) => {
  describe.each(Object.entries(policies))("%s", (_name, { policy, generatesCode }) => {
    // Under trusted types a worker needs a trusted address; what is asked here is about functions.
    const here = policy?.includes("trusted-types") ? places.slice(0, 1) : places;
    test.each(here)("the tests that pass in Node pass in a %s", async (place) => {
      const server = await servePage((await script).code, policy);
      try {
        const report = await showUntil(executable, server.url(place), server.report);
        const expected = { ...(await inNode), generatesCode };
        expect(JSON.parse(report) as PortableReport).toEqual(expected);
      } finally {
        await server.close();
      }
    });
  });
});
