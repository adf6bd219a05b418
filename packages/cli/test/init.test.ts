import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { command } from "./build.ts";
import { contents, rootwalkIn, temporaryDirectory } from "./support.ts";

const files = [".gitignore", "README.md", "package.json", "src", "tsconfig.json"];

describe("rootwalk init", () => {
  test("asks nothing where there is no terminal, makes the app and says how to go on", () => {
    const place = temporaryDirectory();
    const { status, stdout, stderr } = rootwalkIn(place, "init", "My App");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain('Next:\n  cd "My App"\n  npm install\n  npm start -- "hello"\n  npm test\n');
    const app = join(place, "My App");
    expect(readdirSync(app).sort()).toEqual(files);
    expect(readdirSync(join(app, "src")).sort()).toEqual([
      "chat.test.ts",
      "main.ts",
      "schema.ts",
      "walkers.ts",
    ]);
    const manifest = JSON.parse(readFileSync(join(app, "package.json"), "utf8"));
    expect(manifest).toMatchObject({ name: "my-app", type: "module", scripts: { test: "vitest run" } });
    const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(ranges.map(([name]) => name).sort()).toEqual(
      [
        "@rootwalk/core",
        "@rootwalk/persist-sqlite",
        "@types/node",
        "tsx",
        "typescript",
        "vitest",
        "zod",
      ].sort(),
    );
    for (const [name, range] of ranges) expect(`${name} ${range}`).toMatch(/ \^\d+\.\d+\.\d+$/);
  });

  test("takes flags for answers: node:test needs one package less", () => {
    const place = temporaryDirectory();
    expect(rootwalkIn(place, "init", "--yes", "--test", "node").status).toBe(0);
    const manifest = JSON.parse(readFileSync(join(place, "chat/package.json"), "utf8"));
    expect(manifest.devDependencies).not.toHaveProperty("vitest");
    expect(readFileSync(join(place, "chat/src/chat.test.ts"), "utf8")).toContain("node:test");
    expect(JSON.parse(rootwalkIn(place, "init", "third", "--json").stdout)).toEqual({
      dir: join(place, "third"),
      files: expect.arrayContaining(["package.json", "src/main.ts"]),
      installed: false,
    });
    expect(rootwalkIn(place, "init", "other", "--test", "jest")).toMatchObject({ status: 2, stdout: "" });
  });

  test("takes the folder that it is in, and one that git has been in alone", () => {
    const place = temporaryDirectory();
    mkdirSync(join(place, ".git"));
    const { status, stdout } = rootwalkIn(place, "init", ".");
    expect(status).toBe(0);
    expect(stdout).not.toContain("  cd ");
    expect(readdirSync(place).sort()).toEqual([".git", ...files].sort());
  });

  test("refuses a folder that holds something, and with --force overwrites nothing", () => {
    const place = temporaryDirectory();
    writeFileSync(join(place, "notes.txt"), "mine");
    const refused = rootwalkIn(place, "init", ".");
    expect(refused).toMatchObject({ status: 2, stdout: "" });
    expect(refused.stderr).toMatch(/is not empty: it has notes\.txt\n.*--force/);
    expect(readdirSync(place)).toEqual(["notes.txt"]);

    writeFileSync(join(place, "tsconfig.json"), "mine");
    const before = contents(place);
    const taken = rootwalkIn(place, "init", ".", "--force");
    expect(taken).toMatchObject({ status: 2, stderr: expect.stringContaining("has tsconfig.json already") });
    expect(contents(place)).toEqual(before);

    const beside = temporaryDirectory();
    writeFileSync(join(beside, "notes.txt"), "mine");
    expect(rootwalkIn(beside, "init", ".", "--force").status).toBe(0);
    expect(readFileSync(join(beside, "notes.txt"), "utf8")).toBe("mine");
  });

  test("refuses a file, and leaves nothing half-made where a file cannot be written", () => {
    const place = temporaryDirectory();
    writeFileSync(join(place, "file"), "");
    expect(rootwalkIn(place, "init", "file")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("is a file"),
    });
    expect(rootwalkIn(place, "init", "file/deep").status).toBe(2);
    // A folder of that name is in the way once some files are there.
    mkdirSync(join(place, "app"));
    writeFileSync(join(place, "app/src"), "no folder");
    const { status, stderr } = rootwalkIn(place, "init", "app", "--force");
    expect(status).toBe(2);
    expect(stderr).toContain("src");
    expect(readdirSync(join(place, "app"))).toEqual(["src"]);
  });
});

const hasTerminals = spawnSync("script", ["--version"]).status === 0;

describe.skipIf(!hasTerminals)("rootwalk init in a terminal", () => {
  /** The command in a terminal of its own. */
  class Terminal {
    shown = "";
    readonly #process: ChildProcessWithoutNullStreams;
    readonly ended: Promise<number | null>;
    #waiting: { text: string; resolve: () => void } | undefined;

    constructor(cwd: string, ...args: string[]) {
      // Without a width each letter would stand on a line of its own.
      const line = `stty cols 100 rows 40; ${[process.execPath, command, ...args].map((part) => `'${part}'`).join(" ")}`;
      this.#process = spawn("script", ["-qefc", line, "/dev/null"], { cwd });
      this.#process.stdout.on("data", (data: Buffer) => {
        this.shown += data.toString();
        if (this.#waiting === undefined || !this.shown.includes(this.#waiting.text)) return;
        this.#waiting.resolve();
        this.#waiting = undefined;
      });
      this.ended = new Promise((resolve) => this.#process.on("close", resolve));
      onTestFinished(() => void this.#process.kill());
    }

    shows(text: string): Promise<void> {
      return new Promise((resolve) => {
        if (this.shown.includes(text)) resolve();
        else this.#waiting = { text, resolve };
      });
    }

    type(keys: string): void {
      this.#process.stdin.write(keys);
    }
  }

  test("asks three questions, each answered by Enter or by an arrow", async () => {
    const place = temporaryDirectory();
    const terminal = new Terminal(place, "init");
    await terminal.shows("In which folder?");
    terminal.type("talk\r");
    await terminal.shows("What runs the tests?");
    terminal.type("\u001b[B\r");
    await terminal.shows("Run npm install?");
    terminal.type("\u001b[C\r");
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown).toContain("cd talk");
    expect(readdirSync(join(place, "talk")).sort()).toEqual(files);
    expect(readFileSync(join(place, "talk/src/chat.test.ts"), "utf8")).toContain("node:test");
  });

  test.each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("leaves nothing behind after %s, whichever question it is at", async (_, key) => {
    for (const answered of [0, 1, 2]) {
      const place = temporaryDirectory();
      const terminal = new Terminal(place, "init");
      const questions = ["In which folder?", "What runs the tests?", "Run npm install?"];
      for (const question of questions.slice(0, answered)) {
        await terminal.shows(question);
        terminal.type("\r");
      }
      await terminal.shows(questions[answered] as string);
      terminal.type(key);
      expect(await terminal.ended).toBe(130);
      expect(terminal.shown).toContain("Nothing was made.");
      expect(readdirSync(place)).toEqual([]);
    }
  });
});
