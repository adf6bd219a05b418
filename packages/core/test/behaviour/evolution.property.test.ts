import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Graph, type HistoryStep, NewerShapeError, type NodeClass, node } from "../../src/index.ts";
import { EvolutionModel, unknown } from "../evolution-model.ts";
import { AppHistory, type AppVersion } from "../evolution-script.ts";
import { forEachStore, type OpenHere } from "./stores.ts";

// Law: whatever happens to a type, and whichever versions of the app write to its records in whichever order, what each
// version reads, finds by an index and may write is what a plain Map says.

type Record_ = { readonly id: string; readonly tag: string } & Record<string, unknown>;

function classOf({ type, fields, history }: AppVersion): NodeClass {
  const schemas = Object.fromEntries(
    fields.map(({ name, fallback }) => [
      name,
      fallback === undefined ? z.string().optional() : z.string().default(fallback),
    ]),
  );
  return node(
    type,
    { tag: z.string(), ...schemas },
    {
      unique: ["tag"],
      index: fields.map(({ name }) => name) as [],
      history: history as unknown as HistoryStep[],
    },
  ) as unknown as NodeClass;
}

/** The app in all its versions, over one store. */
class App {
  readonly history: AppHistory = new AppHistory();
  readonly model: EvolutionModel = new EvolutionModel();
  readonly #classes: NodeClass[] = [];
  readonly #open: Map<number, Graph> = new Map();
  readonly #openHere: OpenHere;
  readonly #isShared: boolean;
  #tags = 0;

  constructor(openHere: OpenHere, isShared: boolean) {
    this.#openHere = openHere;
    this.#isShared = isShared;
  }

  /** The graph of a version; of a store that takes one at a time, the others are closed. */
  async #graph(at: number): Promise<Graph> {
    for (const [other, graph] of this.#open) {
      if (this.#isShared || other === at) continue;
      await graph.close();
      this.#open.delete(other);
    }
    const graph = this.#open.get(at) ?? (await this.#openHere({ types: [this.classAt(at)] }));
    this.#open.set(at, graph);
    await graph.refresh();
    return graph;
  }

  classAt(at: number): NodeClass {
    this.#classes[at] ??= classOf(this.history.versions[at]!);
    return this.#classes[at]!;
  }

  async create(at: number, values: readonly string[]): Promise<void> {
    const version = this.history.versions[at]!;
    const tag = `t${this.#tags++}`;
    const given = new Map(version.fields.flatMap(({ name }, i) => (values[i] ? [[name, values[i]!]] : [])));
    const graph = await this.#graph(at);
    await graph.transaction((tx) => {
      tx.create(this.classAt(at), { tag, ...Object.fromEntries(given) } as never);
    });
    this.model.create(version, tag, given);
  }

  async write(at: number, pick: number, field: number, value: string): Promise<void> {
    const version = this.history.versions[at]!;
    const tag = this.#tag(pick);
    const { name } = version.fields[field % Math.max(1, version.fields.length)] ?? { name: undefined };
    if (tag === undefined || name === undefined) return;
    const graph = await this.#graph(at);
    const before = this.model.read(version, tag, this.history.steps).get(name);
    const written = graph.transaction(async (tx) => {
      const record = await tx.nodes(this.classAt(at), { tag } as never).one();
      (record as unknown as Record<string, unknown>)[name] = value;
    });
    if (!this.model.mayWrite(version, tag, this.history.steps)) {
      await expect(written).rejects.toThrow(NewerShapeError);
      return;
    }
    await written;
    if (before !== value) this.model.write(version, tag, name, value);
  }

  async remove(at: number, pick: number): Promise<void> {
    const tag = this.#tag(pick);
    if (tag === undefined) return;
    const graph = await this.#graph(at);
    expect(await graph.nodes(this.classAt(at), { tag } as never).deleteAll()).toBe(1);
    this.model.remove(tag);
  }

  async sweep(at: number): Promise<void> {
    const version = this.history.versions[at]!;
    const graph = await this.#graph(at);
    const report = await graph.sweep();
    expect([report.unreadable, report.taken]).toEqual([0, 0]);
    for (const tag of this.model.tags) {
      if (this.model.mayWrite(version, tag, this.history.steps)) this.model.rewrite(version, tag);
    }
  }

  async check(at: number): Promise<void> {
    const version = this.history.versions[at]!;
    const { steps } = this.history;
    const graph = await this.#graph(at);
    const type = this.classAt(at);
    const records = (await graph.nodes(type).all()) as unknown as Record_[];
    const seen = records.map((record) => [record.tag, shown(record, version)]);
    const expected = this.model.tags.map((tag) => [
      tag,
      Object.fromEntries(this.model.read(version, tag, steps)),
    ]);
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected));
    for (const { name } of version.fields) {
      const values = new Set(expected.map(([, fields]) => (fields as Record<string, unknown>)[name]));
      for (const value of values) {
        if (typeof value !== "string") continue;
        const found = (await graph.nodes(type, { [name]: value } as never).all()) as unknown as Record_[];
        const meant = expected.filter(([, fields]) => (fields as Record<string, unknown>)[name] === value);
        expect(found.map(({ tag }) => tag).sort()).toEqual(meant.map(([tag]) => tag).sort());
      }
    }
    const unreadable: unknown[] = [];
    for await (const record of graph.unreadable()) unreadable.push(record);
    expect(unreadable).toEqual([]);
  }

  #tag(pick: number): string | undefined {
    const { tags } = this.model;
    return tags[pick % Math.max(1, tags.length)];
  }

  async close(): Promise<void> {
    for (const graph of this.#open.values()) await graph.close();
  }
}

function shown(record: Record_, { fields }: AppVersion): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name } of fields) {
    try {
      values[name] = record[name];
    } catch (error) {
      if (!(error instanceof NewerShapeError)) throw error;
      values[name] = unknown;
    }
  }
  return values;
}

/** Something that happens, in words for when it goes wrong. */
class Action {
  readonly what: string;
  readonly run: (app: App) => unknown;

  constructor(what: string, run: (app: App) => unknown) {
    this.what = what;
    this.run = run;
  }

  toString(): string {
    return this.what;
  }
}

const few = fc.nat(30);
const value = fc.constantFrom("x", "y", "z", "b0");

/** What a version of the app does; the latest versions do most. */
const back = fc.nat(4);

function by(
  verb: string,
  what: readonly unknown[],
  ago: number,
  work: (app: App, at: number) => unknown,
): Action {
  return new Action(`${verb}(${[...what, ago].map((each) => JSON.stringify(each)).join()})`, (app) =>
    work(app, Math.max(0, app.history.versions.length - 1 - ago)),
  );
}

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(few, few, few)
      .map((how) => new Action(`evolve(${how.join()})`, (app) => app.history.evolve(...how))),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.array(value, { maxLength: 4 }), back)
      .map(([values, ago]) => by("create", [values], ago, (app, at) => app.create(at, values))),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(few, few, value, back)
      .map(([pick, field, to, ago]) =>
        by("write", [pick, field, to], ago, (app, at) => app.write(at, pick, field, to)),
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(few, back)
      .map(([pick, ago]) => by("remove", [pick], ago, (app, at) => app.remove(at, pick))),
  },
  { weight: 1, arbitrary: back.map((ago) => by("sweep", [], ago, (app, at) => app.sweep(at))) },
  { weight: 2, arbitrary: back.map((ago) => by("check", [], ago, (app, at) => app.check(at))) },
);

forEachStore("the versions of an app", (open) => {
  describe("whatever becomes of its types", () => {
    it("read, find and write what a plain Map says", async () => {
      const actions = fc.array(action, { minLength: 10, maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(actions, async (all) => {
          const app = new App(open.place(), open.store.isShared);
          try {
            for (const each of all) await each.run(app);
            for (const at of app.history.versions.keys()) await app.check(at);
          } finally {
            await app.close();
          }
        }),
        { numRuns: Number(process.env.EVOLUTION_RUNS ?? 10) },
      );
    });
  });
});
