import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CreateArgument, Fields, Graph, Id, Walker } from "@rootwalk/core";
import { describe, onTestFinished } from "vitest";
import { openSocial, signUp } from "../src/index.ts";

/** One network under test; its graph is another object once it was opened again. */
export interface Network {
  graph: Graph;
  /** Closes and opens the file where there is one: nothing may hang on what was in memory. */
  reopen(): Promise<void>;
  /** A new user, public where nothing is said. */
  signUp(username: string, options?: { readonly isPrivate?: boolean }): Promise<User>;
}

export class User {
  readonly root: Id;
  readonly #network: Network;

  constructor(network: Network, root: Id) {
    this.#network = network;
    this.root = root;
  }

  /** Every report of one action. */
  async all<F extends Fields, S, T>(
    walker: Walker<F, S, never, T>,
    ...input: CreateArgument<F>
  ): Promise<T[]> {
    const run = await this.#network.graph.as(this.root).spawn(walker, ...input);
    return run.reports;
  }

  /** The report of an action that reports once. */
  async do<F extends Fields, S, T>(walker: Walker<F, S, never, T>, ...input: CreateArgument<F>): Promise<T> {
    const reports = await this.all(walker, ...input);
    if (reports.length !== 1) throw new Error(`${walker.name} reported ${reports.length} times`);
    return reports[0] as T;
  }
}

/** A network that ends with the test: in memory, or in a file of its own. */
export async function openNetwork(file?: string): Promise<Network> {
  const network: Network = {
    graph: await openSocial(file),
    async reopen() {
      if (file === undefined) return;
      await network.graph.close();
      network.graph = await openSocial(file);
    },
    async signUp(username, options = {}) {
      const user = new User(network, (await network.graph.createRoot()).id);
      await user.do(signUp, { username, ...options });
      return user;
    },
  };
  onTestFinished(() => network.graph.close());
  return network;
}

/** A block of tests in memory and over SQLite. */
export function overEachStore(name: string, suite: (open: () => Promise<Network>) => void): void {
  describe(`${name} (memory)`, () => suite(() => openNetwork()));
  describe(`${name} (SQLite)`, () => suite(() => openNetwork(newFile())));
}

export function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "social-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "social.db");
}
