import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compile, Examples, matches, prepare, runPrograms } from "./examples.ts";
import { readPage, root } from "./page.ts";

const paths = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.md", "llms.txt"],
  {
    cwd: root,
    encoding: "utf8",
  },
)
  .trim()
  .split("\n")
  .filter((path) => existsSync(join(root, path)));
const pages = paths.map(readPage);
const byPath = new Map(pages.map((page) => [page.path, page]));

describe("examples", () => {
  const all = pages
    .filter(({ blocks }) => blocks.some(({ language }) => language === "ts"))
    // DOCS=queries runs the examples of the pages that are called so.
    .filter(({ path }) => path.includes(process.env.DOCS ?? ""))
    .map((page) => new Examples(page));
  let compiled: ReturnType<typeof compile>;

  beforeAll(async () => {
    await prepare(all);
    const running = Promise.all([runPrograms(all), runCommands()]);
    compiled = compile(all);
    await running;
  });

  /** Two pages at a time: most of a command is waiting for a process to begin. */
  async function runCommands(): Promise<void> {
    const left = [...all];
    const lane = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await next.runCommands();
    };
    await Promise.all([lane(), lane()]);
  }

  test.for(all.map((examples) => [examples.page.path, examples] as const))("%s compiles", ([, examples]) => {
    expect(examples.compiled(compiled)).toEqual([]);
  });

  test.for(all.map((examples) => [examples.page.path, examples] as const))(
    "%s prints what it says",
    async ([path, examples]) => {
      await expect(examples.actual()).toMatchFileSnapshot(join(root, path));
    },
  );

  test.skipIf(process.env.DOCS)("the README's first example keeps what the first run wrote", () => {
    const [file] = all.find(({ page }) => page.path === "README.md")!.programs;
    const again = execFileSync(
      process.execPath,
      ["--import", "tsx", "--conditions=@rootwalk/source", file!],
      { cwd: dirname(file!), encoding: "utf8" },
    );
    expect(again).toContain("[ 2 ]");
  });
});

test("the README's first example is short", () => {
  const [first] = byPath.get("README.md")!.blocks;
  expect(first!.code.trim().split("\n").length).toBeLessThanOrEqual(18);
});

test("a line of output may leave out what differs each time", () => {
  expect(matches("id …, name a\n", "id 017, name a\n")).toBe(true);
  expect(matches("a\n…\nz", "a\nb\nc\nz")).toBe(true);
  expect(matches("a\n…\nz\n…", "a\nz")).toBe(true);
  expect(matches("a\n…", "a\nb\nc")).toBe(true);
  expect(matches("a\n…\nz", "a\nb")).toBe(false);
  expect(matches("a\nz", "a\nb\nz")).toBe(false);
  expect(matches("a (1)", "a 1")).toBe(false);
});

describe("links", () => {
  test.for(paths)("of %s lead somewhere", (path) => {
    const broken = byPath.get(path)!.links.filter((link) => !leadsSomewhere(path, link));
    expect(broken).toEqual([]);
  });

  function leadsSomewhere(from: string, link: string): boolean {
    if (/^[a-z]+:/.test(link)) return true;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? from : normalize(join(dirname(from), decodeURIComponent(file)));
    if (!existsSync(join(root, target))) return false;
    return anchor === undefined || (byPath.get(target)?.anchors.has(anchor) ?? false);
  }
});

test("every page of the guide is in its index, and llms.txt lists the index", () => {
  const items = (path: string): string[] => byPath.get(path)!.text.match(/^- \[.*$/gm) ?? [];
  const index = items("docs/guide/README.md");
  const pagesOfGuide = paths.filter((path) => /^docs\/guide\/(?!README)/.test(path));
  expect(pagesOfGuide.filter((path) => !index.some((item) => item.includes(`](${basename(path)})`)))).toEqual(
    [],
  );
  expect(items("llms.txt")).toEqual(
    expect.arrayContaining(index.map((item) => item.replace("](", "](docs/guide/"))),
  );
});
