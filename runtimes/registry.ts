/**
 * The platforms that the library is tested on beside the Node that runs the tests, and where to find them: in a folder
 * that git ignores, into which `npm run fetch:runtimes` fetches them as npm packages, else on the PATH. Nothing is
 * fetched unasked.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export const root: string = join(import.meta.dirname, "..");

/** Where fetched runtimes and bundles are kept. */
export const cache: string = join(root, ".cache/runtimes");

export type RuntimeName = "Node 22" | "Node 24" | "Bun" | "Deno" | "Chromium";

interface Runtime {
  /** What npm fetches: a package that contains the executable, so that no install script has to run. */
  readonly fetched?: { readonly alias: string; readonly specifier: string; readonly executable: string };
  /** What it may be called on the PATH. */
  readonly commands: readonly string[];
  readonly remedy: string;
}

const FETCH = "npm run fetch:runtimes";
const { platform, arch } = process;
const isLinux = platform === "linux";

const runtimes: Readonly<Record<RuntimeName, Runtime>> = {
  "Node 22": nodePackage("22.23.3"),
  "Node 24": nodePackage("24.21.0"),
  Bun: {
    fetched: {
      alias: "bun",
      specifier: `npm:@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}@1.4.5`,
      executable: "bin/bun",
    },
    commands: ["bun"],
    remedy: FETCH,
  },
  Deno: {
    fetched: {
      alias: "deno",
      specifier: `npm:@deno/${platform}-${arch}${isLinux ? "-glibc" : ""}@2.9.6`,
      executable: "deno",
    },
    commands: ["deno"],
    remedy: FETCH,
  },
  Chromium: {
    commands: [
      "chromium-headless-shell",
      "chromium",
      "chromium-browser",
      "google-chrome",
      "google-chrome-stable",
    ],
    remedy: "install chromium (Debian: apt-get install chromium-headless-shell)",
  },
};

function nodePackage(version: string): Runtime {
  const [major] = version.split(".");
  return {
    fetched: {
      alias: `node-${major}`,
      specifier: `npm:node-${platform}-${arch}@${version}`,
      executable: "bin/node",
    },
    // Of `node` on the PATH nobody knows which it is.
    commands: [],
    remedy: FETCH,
  };
}

/** What `npm install` has to bring, by the names it gets in the cache. */
export function packagesToFetch(): Record<string, string> {
  const fetched = Object.values(runtimes).flatMap((runtime) => runtime.fetched ?? []);
  return Object.fromEntries(fetched.map(({ alias, specifier }) => [alias, specifier]));
}

/** The executable of a runtime, or what has to be done to have one. */
export function locate(name: RuntimeName): { readonly executable: string } | { readonly remedy: string } {
  const { fetched, commands, remedy } = runtimes[name];
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const places = commands.flatMap((command) => folders.map((folder) => join(folder, command)));
  if (fetched !== undefined) places.unshift(join(cache, "node_modules", fetched.alias, fetched.executable));
  const executable = places.find(isExecutable);
  return executable === undefined ? { remedy } : { executable };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
