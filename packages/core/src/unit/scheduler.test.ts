import { afterEach, expect, test, vi } from "vitest";
import { systemScheduler } from "./scheduler.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** What happens in which order, when two callbacks are asked for and a microtask follows them. */
async function order(): Promise<string[]> {
  const happened: string[] = [];
  const scheduler = systemScheduler();
  const turns = ["first", "second"].map(
    (name) =>
      new Promise<void>((resolve) => {
        scheduler.nextTurn(() => {
          happened.push(name);
          resolve();
        });
      }),
  );
  await Promise.resolve();
  happened.push("microtask");
  await Promise.all(turns);
  return happened;
}

const missing: Record<string, readonly string[]> = {
  "a platform with setImmediate": [],
  "a platform without setImmediate, as browsers are": ["setImmediate"],
  "a platform that has timers alone": ["setImmediate", "MessageChannel"],
};

for (const [name, globals] of Object.entries(missing)) {
  test(`${name} calls back in later turns, in order`, async () => {
    for (const global of globals) vi.stubGlobal(global, undefined);
    expect(await order()).toEqual(["microtask", "first", "second"]);
  });
}
