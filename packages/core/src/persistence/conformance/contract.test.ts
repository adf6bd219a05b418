import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { memory } from "../memory-store.ts";
import { referenceCache } from "../reference-cache.ts";
import { cacheConformance } from "./cache/cache-conformance.ts";
import { cacheContract } from "./cache/cache-contract.ts";
import { storeConformance } from "./store-conformance.ts";
import { storeContract } from "./store-contract.ts";

/** The prose of a source: comments without their stars, in one line. */
function proseOf(file: string): string {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  return text.replaceAll(/^\s*(\/\*\*|\*\/|\*)\s?/gm, "").replaceAll(/\s+/g, " ");
}

test.each([
  ["store", "../store.ts", storeContract],
  ["cache", "../cache.ts", cacheContract],
])("the sentences that the %s suite names are those of the contract", (_what, file, contract) => {
  const prose = proseOf(file);
  for (const sentence of Object.values(contract)) expect(prose).toContain(sentence);
});

test("every group of tests names one", () => {
  const groups: string[] = [];
  const describe = (name: string, body: () => void): void => {
    groups.push(name);
    body();
  };
  const never = (): never => {
    throw new Error("nothing is run");
  };
  const means = { describe, test: () => {}, connect: never, passTime: never };
  storeConformance({ ...means, create: memory, reopen: never, damage: never, misfile: never });
  expect(groups.filter((name) => storeContract[name] === undefined)).toEqual([]);
  groups.length = 0;
  cacheConformance({ ...means, create: () => referenceCache().connect(), cut: never });
  expect(new Set(groups)).toEqual(new Set(Object.keys(cacheContract)));
});

test("a failure says what was expected, what came and which sentence it is", async () => {
  const tests = new Map<string, () => Promise<void>>();
  storeConformance({
    describe: (_name, body) => body(),
    test: (name, body) => void tests.set(name, body),
    create: () => {
      const store = memory();
      return Object.assign(store, { outcome: () => "absent" });
    },
  });
  await expect(
    tests.get("the outcome of a unit is committed once it is, and absent before")!(),
  ).rejects.toThrow(
    'after it: expected "committed", got "absent"\n' +
      "The contract says: A batch whose unit id was committed before answers as then.",
  );
});
