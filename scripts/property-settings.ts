/**
 * What the environment says about property tests.
 *
 * - PROPERTY_SEED: they draw the same cases on every run. What decides whether a change lands must say the same twice;
 *   without it each run draws new ones.
 * - PROPERTY_SECONDS: each stops after so long with what it has tried, for a runtime beside the one that tries it all.
 */
const { PROPERTY_SEED: seed, PROPERTY_SECONDS: seconds } = process.env;
if (seed !== undefined || seconds !== undefined) {
  const { configureGlobal, installGlobalPlugin, readConfigureGlobal } = await import("fast-check");
  if (seed !== undefined) configureGlobal({ ...readConfigureGlobal(), seed: Number(seed) });
  // Files that share a process are set up one after another, and a plugin stays.
  const isInstalled = Symbol.for("rootwalk: properties stop");
  const kept = globalThis as { [isInstalled]?: true };
  if (seconds !== undefined && !kept[isInstalled]) {
    kept[isInstalled] = true;
    const { stopAfter } = await import("./property-limit.ts");
    installGlobalPlugin(stopAfter(Number(seconds) * 1000));
  }
}

export {};
