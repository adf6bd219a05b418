import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../status.ts";

export type Runner = "vitest" | "node";

/** What a new app is made of. */
export interface App {
  readonly dir: string;
  readonly runner: Runner;
  /** Whether there may be something in the folder already. */
  readonly force: boolean;
  /** The folder of this package. */
  readonly home: URL;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What a folder may hold and count as empty. */
const isNothing = new Set([".git", ".DS_Store"]);

/**
 * @throws {UsageError} unless the folder can be made, or is empty; with `force` unless none of the app's files is there
 */
export function checkFolder({ dir, force }: Pick<App, "dir" | "force">, files: readonly string[] = []): void {
  const found = statSync(dir, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw new UsageError(`${dir} is a file`, "Name a folder.");
  const there = readdirSync(dir).filter((name) => !isNothing.has(name));
  if (there.length > 0 && !force) {
    const some = there.slice(0, 3).join(", ") + (there.length > 3 ? ", …" : "");
    throw new UsageError(
      `${dir} is not empty: it has ${some}`,
      "Name another folder, or give --force to write beside that.",
    );
  }
  const taken = files.filter((file) => existsSync(join(dir, file)));
  if (taken.length > 0)
    throw new UsageError(`${dir} has ${taken.join(", ")} already`, "Nothing was written.");
}

/** Writes the files, all or none. @throws {UsageError} as `checkFolder` */
export function scaffold(app: App): string[] {
  const files = Object.entries(filesOf(app));
  checkFolder(
    app,
    files.map(([file]) => file),
  );
  const made: string[] = [];
  const folders: string[] = [];
  try {
    for (const [file, content] of files) {
      const path = join(app.dir, file);
      makeFolder(dirname(path), folders);
      writeFileSync(path, content, { flag: "wx" });
      made.push(path);
    }
  } catch (error) {
    for (const path of made) rmSync(path, { force: true });
    for (const folder of folders.reverse()) rmdirSync(folder);
    throw error;
  }
  return files.map(([file]) => file);
}

/** Makes a folder and those above it, and notes which were not there. */
function makeFolder(path: string, made: string[]): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), made);
  mkdirSync(path);
  made.push(path);
}

function filesOf({ dir, runner, home }: App): Record<string, string> {
  const name = packageName(dir);
  const template = (file: string): string => readFileSync(new URL(`templates/${file}`, home), "utf8");
  return {
    "package.json": packageJson(name, runner, home),
    "tsconfig.json": tsconfig,
    ".gitignore": "node_modules/\n*.db\n*.db-*\n",
    "README.md": readme(name),
    "src/schema.ts": template("src/schema.ts"),
    "src/walkers.ts": template("src/walkers.ts"),
    "src/main.ts": template("src/main.ts"),
    "src/chat.test.ts": template(runner === "vitest" ? "src/chat.vitest.ts" : "src/chat.node-test.ts"),
  };
}

/** A name that npm takes, after the folder's. */
function packageName(dir: string): string {
  const name = basename(resolve(dir))
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "");
  return name === "" ? "app" : name;
}

function packageJson(name: string, runner: Runner, home: URL): string {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(new URL("package.json", home), "utf8"),
  ) as Manifest;
  // The tools are those that this package was tested with, or later ones.
  const tools = ["@types/node", "tsx", "typescript", ...(runner === "vitest" ? ["vitest"] : [])];
  const pick = (from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((each) => [each, `^${(from[each] ?? "").replace(/^\^/, "")}`]));
  const manifest = {
    name,
    private: true,
    type: "module",
    engines: { node: ">=20.19" },
    scripts: {
      start: "tsx src/main.ts",
      test: runner === "vitest" ? "vitest run" : "node --import tsx --test src/chat.test.ts",
      typecheck: "tsc",
    },
    dependencies: {
      ...pick(dependencies, ["@rootwalk/core", "@rootwalk/persist-sqlite"]),
      ...pick(devDependencies, ["zod"]),
    },
    devDependencies: pick(devDependencies, tools),
    // For versions of npm that run no package's install script unasked: this one fetches its addon.
    allowScripts: { "better-sqlite3": true },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const tsconfig = `{
  "compilerOptions": {
    "target": "es2023",
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    // The sources run as they stand: under tsx, and from Node 22.18 on under node itself.
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true,
    "types": ["node"]
  },
  "include": ["src"]
}
`;

function readme(name: string): string {
  return `# ${name}

A [rootwalk](https://www.npmjs.com/package/@rootwalk/core) app: \`npm install\`, \`npm start -- "some text"\`, \`npm test\`, \`npm run typecheck\`.
The schema is in \`src/schema.ts\`, what happens in \`src/walkers.ts\`. The graph is the file \`chat.db\`: \`npx rootwalk inspect chat.db\`.
`;
}
