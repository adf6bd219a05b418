import { describe, expect, test } from "vitest";
import { chooseDriver, type Environment } from "../src/drivers.ts";
import { Database, isBetterSqlite3 } from "./database.ts";
import { session, temporaryFile } from "./support.ts";

/** What `require` would find. */
function environment(
  nodeVersion: string,
  modules: Record<string, unknown>,
): Environment & { loaded: string[] } {
  const loaded: string[] = [];
  return {
    nodeVersion,
    loaded,
    load(name) {
      loaded.push(name);
      const module = modules[name];
      if (module === undefined)
        throw Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:`), {
          code: "MODULE_NOT_FOUND",
        });
      if (module instanceof Error) throw module;
      return module;
    },
  };
}

class Fake {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
  prepare(): never {
    throw new Error("not used");
  }
  exec(): void {}
  close(): void {}
}

const twelve = { "better-sqlite3/package.json": { version: "12.11.1" } };
const thirteen = { "better-sqlite3/package.json": { version: "13.0.1" } };
const ofNode = { "node:sqlite": { DatabaseSync: Fake } };

describe("the SQLite library is chosen", () => {
  test("better-sqlite3 12 before node:sqlite", () => {
    const here = environment("24.1.0", { ...twelve, ...ofNode, "better-sqlite3": Fake });
    expect(chooseDriver(undefined, here)("x").name).toBe("better-sqlite3");
    expect(here.loaded).not.toContain("node:sqlite");
  });

  test("better-sqlite3 13 never on Node 20, whose process it would end", () => {
    const here = environment("20.19.0", { ...thirteen, "better-sqlite3": Fake });
    expect(() => chooseDriver(undefined, here)).toThrow(
      expect.objectContaining({
        code: "RW_STORE_DRIVER",
        message: expect.stringMatching(
          /13\.0\.1 does not run on Node 20\.19\.0.*npm install better-sqlite3@12/,
        ),
      }),
    );
    expect(here.loaded).not.toContain("better-sqlite3");
    const newer = environment("22.13.0", { ...thirteen, "better-sqlite3": Fake });
    expect(chooseDriver(undefined, newer)("x").name).toBe("better-sqlite3");
  });

  test("node:sqlite where better-sqlite3 is missing or its addon does not load", () => {
    for (const modules of [
      ofNode,
      { ...ofNode, ...twelve, "better-sqlite3": new Error("Could not locate the bindings file") },
    ]) {
      expect(chooseDriver(undefined, environment("22.13.0", modules))("x").name).toBe("node:sqlite");
    }
  });

  test("an addon that fails with the first database counts as missing too", () => {
    class Broken {
      constructor() {
        throw new Error("was compiled against a different Node.js version");
      }
    }
    expect(
      chooseDriver(undefined, environment("22.13.0", { ...ofNode, ...twelve, "better-sqlite3": Broken }))("x")
        .name,
    ).toBe("node:sqlite");
  });

  test("with none there, the error names the command", () => {
    expect(() => chooseDriver(undefined, environment("20.19.0", {}))).toThrow(
      expect.objectContaining({
        code: "RW_STORE_DRIVER",
        message:
          "No SQLite library can be used: better-sqlite3 is not installed; Node 20.19.0 has no node:sqlite. Run: npm install better-sqlite3@12",
      }),
    );
  });

  test("the caller's own comes first, whatever is installed", () => {
    const here = environment("22.13.0", { ...twelve, ...ofNode, "better-sqlite3": Fake });
    expect(chooseDriver(Fake as never, here)("x").name).toBe("node:sqlite");
    class Own extends Database {}
    expect(chooseDriver(Own)(":memory:").name).toBe(isBetterSqlite3 ? "better-sqlite3" : "node:sqlite");
  });

  test("what is no library is a TypeError", () => {
    for (const wrong of [7, "better-sqlite3", {}, null])
      expect(() => chooseDriver(wrong as never)).toThrow(TypeError);
  });
});

test("a store works over a class and over an open database of the caller's own", async () => {
  const path = temporaryFile();
  for (const driver of [Database, new Database(path)]) {
    const client = await session(path, { driver });
    const id = await client.newNode("Person", { name: "Ann" });
    expect((await client.node(id))?.fields).toEqual({ name: "Ann" });
  }
});
