/**
 * With PROPERTY_SEED in the environment every property test draws the same cases on every run: what decides whether a
 * change lands must say the same twice. Without it each run draws new ones.
 */
const seed = process.env.PROPERTY_SEED;
if (seed !== undefined) {
  const { configureGlobal, readConfigureGlobal } = await import("fast-check");
  configureGlobal({ ...readConfigureGlobal(), seed: Number(seed) });
}

export {};
