import { type LoadedFile, loadOursFile, loadRawFile } from "./files.ts";
import { type Graph, type OursIds, openOurs, type Session, warmUp } from "./ours.ts";
import { CsrGraph } from "./peers/csr.ts";
import { GraphologyGraph, type GraphologyIds } from "./peers/graphology.ts";
import { ObjectGraph } from "./peers/js-objects.ts";
import { RawGraph, type RawIds } from "./peers/raw-sqlite.ts";
import { type GraphData, generateRmat } from "./rmat.ts";
import { Scratch } from "./scratch.ts";

/** What rows share; built when the first row needs it, released after the last one. */
export interface Fixtures {
  readonly scale: number;
  readonly scratch: Scratch;
  readonly data: GraphData;
  readonly csr: CsrGraph;
  readonly objects: ObjectGraph;
  readonly graphology: { readonly peer: GraphologyGraph; readonly ids: GraphologyIds };
  /** Loaded and closed; rows that write take a copy. */
  readonly rawFile: LoadedFile<RawIds>;
  readonly oursFile: LoadedFile<OursIds>;
  readonly raw: { readonly graph: RawGraph; readonly ids: RawIds };
  /** Our graph over its SQLite file with every person and edge read once. */
  readonly warm: { readonly graph: Graph; readonly reader: Session; readonly ids: OursIds };
}

export type FixtureName = keyof Fixtures;

interface Fixture<Value> {
  readonly needs: readonly FixtureName[];
  build(fixtures: Fixtures): Value | Promise<Value>;
  release?(value: Value): void | Promise<void>;
}

const DEFINITIONS: { readonly [Name in Exclude<FixtureName, "scale">]: Fixture<Fixtures[Name]> } = {
  scratch: { needs: [], build: () => new Scratch(), release: (scratch) => scratch.remove() },
  data: { needs: [], build: ({ scale }) => generateRmat({ scale }) },
  csr: { needs: ["data"], build: ({ data }) => new CsrGraph(data) },
  objects: { needs: ["data"], build: ({ data }) => new ObjectGraph(data) },
  graphology: {
    needs: ["data"],
    build({ data }) {
      const peer = new GraphologyGraph();
      return { peer, ids: peer.load(data) };
    },
  },
  rawFile: {
    needs: ["data", "scratch"],
    build: ({ data, scratch }) => loadRawFile(scratch.file("raw.db"), data),
  },
  oursFile: {
    needs: ["data", "scratch"],
    build: ({ data, scratch }) => loadOursFile(scratch.file("ours.db"), data),
  },
  raw: {
    needs: ["rawFile"],
    build: ({ rawFile }) => ({ graph: new RawGraph(rawFile.file, "FULL"), ids: rawFile.ids }),
    release: ({ graph }) => graph.close(),
  },
  warm: {
    needs: ["oursFile"],
    async build({ oursFile: { file, ids } }) {
      const graph = await openOurs(file);
      const reader = graph.as(ids.reader);
      for (let from = 0; from < ids.nodes.length; from += 1_000) {
        await warmUp(reader, ids.nodes.slice(from, from + 1_000));
      }
      return { graph, reader, ids };
    },
    release: ({ graph }) => graph.close(),
  },
};

export class FixtureStore {
  readonly #scale: number;
  readonly #built = new Map<FixtureName, unknown>();

  constructor(scale: number) {
    this.#scale = scale;
  }

  /** Builds what is missing, and what that needs. */
  async provide(names: readonly FixtureName[]): Promise<Fixtures> {
    for (const name of names) await this.#provideOne(name);
    return this.#all();
  }

  /** Releases everything that none of these rests on, the latest built first. */
  async keep(names: readonly FixtureName[]): Promise<void> {
    const kept = withNeeds(names);
    for (const [name, value] of [...this.#built].reverse()) {
      if (kept.has(name)) continue;
      this.#built.delete(name);
      await (definition(name)?.release as ((value: unknown) => unknown) | undefined)?.(value);
    }
  }

  async #provideOne(name: FixtureName): Promise<void> {
    const found = definition(name);
    if (found === undefined || this.#built.has(name)) return;
    await this.provide(found.needs);
    this.#built.set(name, await found.build(this.#all()));
  }

  #all(): Fixtures {
    // Rows name what they use, so what is missing here is never looked at.
    return { scale: this.#scale, ...Object.fromEntries(this.#built) } as unknown as Fixtures;
  }
}

function withNeeds(names: readonly FixtureName[]): Set<FixtureName> {
  const all = new Set(names);
  for (const name of all) for (const need of definition(name)?.needs ?? []) all.add(need);
  return all;
}

function definition(name: FixtureName): Fixture<unknown> | undefined {
  return name === "scale" ? undefined : (DEFINITIONS[name] as Fixture<unknown>);
}
