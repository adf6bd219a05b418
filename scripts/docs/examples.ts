import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { buildCommand } from "../../packages/cli/test/build.ts";
import { type Block, type Page, root } from "./page.ts";

// How the examples of Markdown pages are written, so that each is compiled and run as it stands.
//
//   ```ts                   a program of its own
//   ```ts continue          goes on with the program before it
//   ```ts continue throws   must throw, and prints what it throws
//   ```ts continue refused  must not compile, and "prints" why; is no part of the program
//   ```ts continue no-run   must compile; is no part of the program either
//   ```ts no-run            is compiled, and so is what continues it
//   ```sh                   is run where its output is shown below it
//   ```text                 what the block before it prints
//
// A block that begins with a comment like `// src/rooms.ts` is that file, for commands to use; with `continue` it is
// added to the file. An `…` in a line of output stands for anything; on a line of its own for any lines.
// `npx vitest -u scripts/docs` writes what is really printed into the pages.

const folder = join(root, ".cache", "docs");
const mark = "\u0001";
const caught = `console.log("(nothing was thrown)");\n} catch (error) { console.log(String(error)); }\n`;

/** A block and where its code stands in the file that was made of it. */
interface Placed {
  readonly block: Block;
  readonly firstLine: number;
}

interface Program {
  readonly file: string;
  readonly runs: boolean;
  readonly blocks: Placed[];
}

interface Command {
  readonly block: Block;
  /** The files as they are at this place of the page. */
  readonly files: ReadonlyMap<string, string>;
}

export class Examples {
  readonly page: Page;
  readonly folder: string;
  readonly #programs: Program[] = [];
  /** What follows a program without being part of it. */
  readonly #asides: Program[] = [];
  readonly #commands: Command[] = [];
  readonly #files = new Map<string, string>();
  readonly #printed = new Map<Block, string>();

  constructor(page: Page) {
    this.page = page;
    this.folder = join(folder, page.path.replace(/\.md$/, "").replaceAll("/", "-"));
    page.blocks.forEach((block, i) => {
      if (block.language === "ts") this.#addCode(block);
      if (block.language === "sh" && this.#outputOf(block) !== undefined)
        this.#commands.push({ block, files: new Map(this.#files) });
      if (block.language === "text" && !["ts", "sh"].includes(page.blocks[i - 1]?.language ?? ""))
        throw new Error(`${page.path}:${block.begin}: output of nothing`);
    });
  }

  #outputOf(block: Block): Block | undefined {
    const next = this.page.blocks[this.page.blocks.indexOf(block) + 1];
    return next?.language === "text" ? next : undefined;
  }

  #addCode(block: Block): void {
    const continues = block.flags.includes("continue");
    const [, named] = /^\/\/ (\S+\.ts)\n/.exec(block.code) ?? [];
    if (named !== undefined) {
      this.#files.set(named, continues ? `${this.#files.get(named)}\n${block.code}` : block.code);
      return;
    }
    const shownOnly = block.flags.includes("no-run");
    if (continues && (shownOnly || block.flags.includes("refused"))) {
      const before = this.#files.get(this.#program(block).file)!;
      const file = `aside-${this.#asides.length + 1}.ts`;
      this.#files.set(file, before + block.code);
      this.#asides.push({ file, runs: false, blocks: [{ block, firstLine: lines(before) }] });
      return;
    }
    if (!continues) {
      const file = `example-${this.#programs.length + 1}.ts`;
      this.#files.set(file, "");
      this.#programs.push({ file, runs: !shownOnly, blocks: [] });
    }
    const { file, blocks } = this.#program(block);
    const begin = `process.stdout.write("\\u0001${this.page.blocks.indexOf(block)}\\n");`;
    const throws = block.flags.includes("throws");
    const before = `${this.#files.get(file)}${throws ? `${begin} try {` : begin}\n`;
    blocks.push({ block, firstLine: lines(before) });
    this.#files.set(file, before + block.code + (throws ? caught : ""));
  }

  #program(block: Block): Program {
    const program = this.#programs.at(-1);
    if (program === undefined) throw new Error(`${this.page.path}:${block.begin}: continues nothing`);
    return program;
  }

  /** Puts the files of the page into a folder of the workspace, where imports lead to the packages' sources. */
  write(): void {
    rmSync(this.folder, { recursive: true, force: true });
    this.#write(this.#files);
  }

  #write(files: ReadonlyMap<string, string>): void {
    for (const [name, code] of files) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, code);
    }
  }

  get sources(): string[] {
    return [...this.#files.keys()].map((name) => join(this.folder, name));
  }

  get programs(): string[] {
    return this.#programs.filter(({ runs }) => runs).map(({ file }) => join(this.folder, file));
  }

  /** What the compiler has to say, by file; of code that is to be refused it is what the block prints. */
  compiled(diagnostics: ReadonlyMap<string, readonly ts.Diagnostic[]>): string[] {
    const problems: string[] = [];
    for (const name of this.#files.keys()) {
      const found = diagnostics.get(join(this.folder, name)) ?? [];
      const refused = this.#asides.find(
        ({ file, blocks }) => file === name && blocks[0]!.block.flags.includes("refused"),
      );
      const meant: string[] = [];
      for (const diagnostic of found) {
        const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
        const { line } = ts.getLineAndCharacterOfPosition(diagnostic.file!, diagnostic.start ?? 0);
        if (refused !== undefined && line >= refused.blocks[0]!.firstLine) meant.push(message);
        else problems.push(`${this.page.path}, ${this.#place(name, line)}: ${message}`);
      }
      if (refused === undefined) continue;
      const [{ block }] = refused.blocks as [Placed];
      if (meant.length === 0) problems.push(`${this.page.path}:${block.begin}: compiles, and should not`);
      this.#printed.set(block, meant.join("\n"));
    }
    return problems;
  }

  #place(name: string, line: number): string {
    const blocks = [...this.#programs, ...this.#asides].find(({ file }) => file === name)?.blocks ?? [];
    const at = blocks.findLast(({ firstLine }) => firstLine <= line);
    return at === undefined ? `${name}:${line + 1}` : `line ${at.block.begin + 1 + line - at.firstLine}`;
  }

  /** Takes what the page's programs printed. */
  ran(output: string): void {
    for (const part of output.split(mark).slice(1)) {
      const end = part.indexOf("\n");
      this.#printed.set(this.page.blocks[Number(part.slice(0, end))]!, part.slice(end + 1));
    }
  }

  async runCommands(): Promise<void> {
    for (const { block, files } of this.#commands) {
      this.#write(files);
      this.#printed.set(block, await shell(block.code, this.folder));
    }
    this.#write(this.#files);
  }

  /** The page with the outputs that its examples really have. */
  actual(): string {
    const text = this.page.text.split("\n");
    for (const block of [...this.page.blocks].reverse()) {
      const output = this.#outputOf(block);
      if (output === undefined) continue;
      const printed = tidy(this.#printed.get(block) ?? "(nothing was run)", this.folder);
      if (!matches(output.code, printed))
        text.splice(output.begin, output.end - output.begin, ...printed.trimEnd().split("\n"));
    }
    return text.join("\n");
  }
}

/** Runs the programs of all pages in one process, each in the folder of its page. */
export async function runPrograms(all: readonly Examples[]): Promise<void> {
  const list = all.flatMap(({ programs }) => programs);
  writeFileSync(join(folder, "programs.json"), JSON.stringify(list));
  const runner = join(root, "scripts/docs/run-programs.ts");
  const output = await shell(`node --import tsx ${runner} programs.json`, folder);
  const byProgram = new Map<string, string>();
  for (const part of output.split("\u0002").slice(1)) {
    const end = part.indexOf("\n");
    byProgram.set(part.slice(0, end), part.slice(end + 1));
  }
  for (const examples of all)
    examples.ran(examples.programs.map((file) => byProgram.get(file) ?? "").join(""));
  const lost = list.filter((file) => !byProgram.has(file));
  if (lost.length > 0)
    throw new Error(`the examples' process ended before ${lost[0]}:\n${output.slice(-2000)}`);
}

/** Compiles all pages as one program. */
export function compile(all: readonly Examples[]): Map<string, ts.Diagnostic[]> {
  const config = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram(
    all.flatMap(({ sources }) => sources),
    { ...options, types: ["node"], typeRoots: [join(root, "node_modules/@types")] },
  );
  const found = new Map<string, ts.Diagnostic[]>();
  for (const { sources } of all) {
    for (const path of sources) {
      const file = program.getSourceFile(path);
      found.set(path, [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
    }
  }
  return found;
}

export async function prepare(all: readonly Examples[]): Promise<void> {
  command = await buildCommand("docs-");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const examples of all) {
    examples.write();
    if (!existsSync(examples.folder)) mkdirSync(examples.folder);
    writeFileSync(join(examples.folder, "vitest.config.ts"), vitestConfig);
  }
}

// An app resolves the packages to what is built; here they resolve to their sources.
const vitestConfig = `
import { defaultServerConditions } from "vite";
const conditions = ["@rootwalk/source", ...defaultServerConditions];
export default { resolve: { conditions }, ssr: { resolve: { conditions, externalConditions: conditions } } };
`;

/** Where the command `rootwalk` is. */
let command = "";

/** What the commands print on either stream; a failing one is no error, for it may be what the page shows. */
function shell(commands: string, cwd: string): Promise<string> {
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(VITEST|FORCE_COLOR)/.test(name)),
    ),
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
    NODE_OPTIONS: "--conditions=@rootwalk/source",
    NO_COLOR: "1",
  };
  // What is installed in an app is made of the sources here.
  const script = `exec 2>&1\nrootwalk() { node ${command} "$@"; }\n${commands.replace(/\bnpx /g, "")}`;
  return new Promise((resolve) => {
    execFile("bash", ["-c", script], { cwd, env, timeout: 120_000 }, (_, stdout) => resolve(stdout));
  });
}

function lines(code: string): number {
  return code.split("\n").length - 1;
}

/** Without what differs each time or elsewhere. */
function tidy(output: string, place: string): string {
  return output
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "…")
    .replaceAll(place, "…")
    .replace(/[ \t]+$/gm, "");
}

/** Whether an output is what a page says, of which `…` stands for anything; on a line of its own for lines, or none. */
export function matches(expected: string, actual: string): boolean {
  const pattern = expected
    .trimEnd()
    .split("\n")
    .map((line) =>
      line.trim() === "…" ? "(?:.*\\n)*?" : `${line.split("…").map(escaped).join("[^\\n]*")}\\n`,
    )
    .join("");
  return new RegExp(`^${pattern}$`).test(`${actual.trimEnd()}\n`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
