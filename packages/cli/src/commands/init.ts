import { spawnSync } from "node:child_process";
import { relative, resolve } from "node:path";
import { checkFolder, type Runner, scaffold } from "../init/scaffold.ts";
import { note, print } from "../output.ts";
import { OK, TROUBLE, UsageError } from "../status.ts";

export interface InitOptions {
  readonly runner: Runner | undefined;
  readonly install: boolean | undefined;
  readonly isAsking: boolean;
  readonly json: boolean;
  readonly force: boolean;
  /** The folder of this package, for its templates. */
  readonly home: URL;
}

/** What a shell gives for a program that was ended by Ctrl-C. */
const INTERRUPTED = 130;

const usualDir = "chat";

export async function init(given: string | undefined, options: InitOptions): Promise<number> {
  const { force } = options;
  if (given !== undefined) checkFolder({ dir: resolve(given), force });
  const answers = options.isAsking ? await ask(given, options) : unasked(given, options);
  if (answers === undefined) {
    note("Nothing was made.");
    return INTERRUPTED;
  }
  const dir = resolve(answers.dir);
  const files = scaffold({ dir, runner: answers.runner, force, home: options.home });
  if (!options.json) print(`${dir}: ${files.join(", ")}`);
  const isInstalled = answers.install && install(dir);
  const status = answers.install && !isInstalled ? TROUBLE : OK;
  if (options.json) {
    print(JSON.stringify({ dir, files, installed: isInstalled }));
    return status;
  }
  const place = relative(process.cwd(), dir) || ".";
  const steps = [
    ...(place === "." ? [] : [`cd ${/^[\w./-]+$/.test(place) ? place : JSON.stringify(place)}`]),
    ...(isInstalled ? [] : ["npm install"]),
    'npm start -- "hello"',
    "npm test",
  ];
  print(`\nNext:\n${steps.map((step) => `  ${step}`).join("\n")}`);
  return status;
}

interface Answers {
  readonly dir: string;
  readonly runner: Runner;
  readonly install: boolean;
}

function unasked(
  given: string | undefined,
  { runner = "vitest", install: wanted = false }: InitOptions,
): Answers {
  return { dir: given ?? usualDir, runner, install: wanted };
}

/**
 * Asks for what the command line has not said; `undefined` once somebody presses Ctrl-C, or Ctrl-D, or hangs up. Writes
 * nothing.
 */
async function ask(given: string | undefined, options: InitOptions): Promise<Answers | undefined> {
  const nobody = new AbortController();
  // The end of the input ends no question: nothing is left to wait for then, and the process would end without a word.
  const hangUp = (): void => nobody.abort();
  process.once("beforeExit", hangUp);
  try {
    return await answersTo(given, options, nobody.signal);
  } finally {
    process.off("beforeExit", hangUp);
  }
}

async function answersTo(
  given: string | undefined,
  options: InitOptions,
  signal: AbortSignal,
): Promise<Answers | undefined> {
  const { confirm, isCancel, select, text } = await import("@clack/prompts");
  const { force } = options;
  const dir =
    given ??
    (await text({
      message: "In which folder?",
      signal,
      placeholder: usualDir,
      defaultValue: usualDir,
      validate: (value) => refusal(value === undefined || value === "" ? usualDir : value, force),
    }));
  if (isCancel(dir)) return undefined;
  const runner =
    options.runner ??
    (await select<Runner>({
      message: "What runs the tests?",
      signal,
      options: [
        { value: "vitest", label: "vitest" },
        { value: "node", label: "node:test", hint: "one package less" },
      ],
    }));
  if (isCancel(runner)) return undefined;
  const wanted = options.install ?? (await confirm({ message: "Run npm install?", signal }));
  if (isCancel(wanted)) return undefined;
  return { dir, runner, install: wanted };
}

function refusal(dir: string, force: boolean): string | undefined {
  try {
    checkFolder({ dir: resolve(dir), force });
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

function install(dir: string): boolean {
  const isWindows = process.platform === "win32";
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund"], {
    cwd: dir,
    // What npm says is no answer of this command.
    stdio: ["ignore", 2, 2],
    shell: isWindows,
  });
  if (status === 0) return true;
  note("npm install has failed; what it said is above.");
  return false;
}
