import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { edge, type Graph, memory, NotFoundError, node, Root, via, walker } from "../index.ts";
import { checkModel, ModelFailure, type ModelTest } from "./check-model.ts";
import { FaultyStore } from "./faulty-store.ts";
import { sourceText, variableName } from "./source-text.ts";
import { testGraph } from "./test-graph.ts";

class Shelf extends node("Shelf", { label: z.string().regex(/^[a-z]{1,4}$/) }, { unique: ["label"] }) {}
class Book extends node("Book", { title: z.string().max(9), pages: z.int().min(1).max(900) }) {}
class Holds extends edge("Holds", {}, { from: Shelf, to: Book }) {}
const types = [Shelf, Book, Holds];

const addShelf = walker("add_shelf", { input: { label: z.enum(["art", "maps"]) } }).entry((w) => {
  w.root.connect(Shelf, { label: w.label });
});
const putBook = walker("put_book", {
  input: { shelf: z.string(), title: z.string().max(9), pages: z.int().min(1).max(900) },
  report: z.string(),
}).entry(Root, async (w) => {
  const shelf = await w.get(Shelf, w.shelf);
  if (shelf === undefined) throw new NotFoundError({ message: "there is no such shelf" });
  w.report(shelf.connect(Book, { title: w.title, pages: w.pages }, via(Holds)).id);
});
const burn = walker("burn", { input: { book: z.string() } }).entry(Root, async (w) => {
  (await w.require(Book, w.book)).delete();
});
/** Deletes books that are not of the greatest length. */
const weed = walker("weed", { input: { book: z.string() } }).entry(Root, async (w) => {
  const book = await w.require(Book, w.book);
  if (book.pages < 900) book.delete();
});

type Model = Map<string, { owner: string; pages: number }>;

/** Books by id. Each user sees what is their own. */
function library(weeds: (pages: number) => boolean): ModelTest<Model> {
  return {
    types,
    users: ["ann", "bob"],
    model: (): Model => new Map(),
    steps: ({ spawn, existing, reopen }) => [
      spawn(addShelf),
      spawn(putBook, {
        input: { shelf: existing(Shelf) },
        weight: 3,
        after: (books, { user, input, reports }) => {
          for (const id of reports) books.set(id, { owner: user, pages: input.pages });
        },
      }),
      ...[burn, weed].map((each) =>
        spawn(each, {
          input: { book: existing(Book) },
          after: (books, { user, input, error }) => {
            const book = books.get(input.book);
            expect(error?.name).toBe(book?.owner === user ? undefined : "NotFoundError");
            if (book?.owner === user && (each === burn || weeds(book.pages))) books.delete(input.book);
          },
        }),
      ),
      reopen(),
    ],
    invariant: async ({ graph, model }) => {
      expect(new Set(await graph.nodes(Book).ids())).toEqual(new Set(model.keys()));
    },
  };
}

const failureOf = async (model: ModelTest<Model>): Promise<ModelFailure> => {
  const failure = await checkModel(fc, model).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof ModelFailure)) throw failure ?? new Error("no failure was found");
  return failure;
};

describe("a model test", () => {
  test("passes where walkers do what the model says, whoever spawns them and whatever is opened again", async () => {
    const counts = new Map<string, number>();
    const right = library((pages) => pages < 900);
    const { runs, steps } = await checkModel(fc, {
      ...right,
      invariant: async (world) => {
        await right.invariant!(world);
        const { size } = world.model;
        counts.set(`${size}`, (counts.get(`${size}`) ?? 0) + 1);
      },
      runs: 40,
    });
    expect(runs).toBe(40);
    expect(steps).toBeGreaterThan(300);
    // Books come and go: it is no empty exercise.
    expect(counts.size).toBeGreaterThan(2);
  });

  test("shrinks a failure to the spawns that lead to it", async () => {
    const failure = await failureOf({ ...library(() => true), runs: 500 });
    const [, , , ...spawns] = failure.lines;
    expect(spawns).toHaveLength(3);
    expect(spawns[0]).toMatch(/^await (ann|bob)\.spawn\(addShelf, \{ label: "(art|maps)" \}\);$/);
    // The one number of pages that makes the difference.
    expect(spawns[1]).toMatch(
      /^await (ann|bob)\.spawn\(putBook, \{ shelf: "[0-9a-f-]{36}", title: "", pages: 900 \}\);$/,
    );
    expect(spawns[2]).toMatch(/^await (ann|bob)\.spawn\(weed, \{ book: "[0-9a-f-]{36}" \}\);$/);
    expect(failure.message).toContain("after 3 steps");
    expect(failure.message).toContain(spawns.join("\n"));
    expect(failure.cause).toBeInstanceOf(Error);

    // What is printed is a program that does it again.
    const program = new Function(
      "testGraph",
      "types",
      "addShelf",
      "putBook",
      "weed",
      `return (async () => { ${failure.lines.join("\n")}\nreturn graph; })();`,
    ) as (...given: unknown[]) => Promise<Graph>;
    const graph = await program(testGraph, types, addShelf, putBook, weed);
    expect((await graph.nodes(Book).all()).map(({ pages }) => pages)).toEqual([900]);
    await graph.close();

    // And so does the seed.
    const { propertySeed, path } = failure;
    const again = await failureOf({ ...library(() => true), runs: 500, propertySeed, path });
    expect(again.lines).toEqual(failure.lines);
  });

  test("prints refusals as what is to be passed over, and opening again as such", async () => {
    const failure = await failureOf({
      ...library(() => true),
      runs: 500,
      steps: ({ spawn, reopen, act }) => [
        spawn(putBook, {
          by: ["bob"],
          input: { shelf: fc.constant("00000000-0000-7000-8000-000000000001") },
        }),
        reopen(),
        act("see", fc.constantFrom(1), ({ model }) => void model.set("seen", { owner: "", pages: 0 })),
      ],
      invariant: ({ graph, model }) => {
        const hasPassed = graph.clock.now() > Date.UTC(2026, 0, 1) && model.has("seen");
        if (hasPassed) throw new Error("now");
      },
    });
    expect(failure.message).toContain("now");
    expect([...failure.lines.slice(3)].sort()).toEqual([
      "await see(1);",
      'graph = await graph.reopen(); [ann, bob] = [await graph.user("ann"), await graph.user("bob")];',
    ]);
    expect(failure.lines[0]).toBe("let graph = await testGraph({ types });");
    const refused = await failureOf({
      ...library(() => true),
      steps: ({ spawn }) => [
        spawn(putBook, {
          input: { shelf: fc.constant("00000000-0000-7000-8000-000000000001") },
          after: (_model, { error }) => {
            throw error;
          },
        }),
      ],
    });
    expect(refused.lines.at(-1)).toMatch(/\.catch\(\(\) => \{\}\); \/\/ there is no such shelf$/);
  });

  test("takes for failures what is no refusal: other errors of handlers, and those of the store", async () => {
    const broken = walker("broken").entry(() => {
      throw new TypeError("oops");
    });
    const failure = await failureOf({ ...library(() => true), steps: ({ spawn }) => [spawn(broken)] });
    expect(failure.cause).toBeInstanceOf(TypeError);
    expect(failure.lines.at(-1)).toBe("await ann.spawn(broken);");
    const lossy = await failureOf({
      ...library(() => true),
      store: () =>
        new FaultyStore(memory(), (method, count) =>
          method === "commit" && count > 3 ? "fail-after" : undefined,
        ),
      steps: ({ spawn }) => [spawn(addShelf, { by: ["ann"] })],
    });
    expect(lossy.cause).toMatchObject({ code: "RW_COMMIT_UNKNOWN" });
    const allowed = await checkModel(fc, {
      ...library(() => true),
      steps: ({ spawn }) => [spawn(broken)],
      isRefusal: (error) => error instanceof TypeError,
      runs: 3,
    });
    expect(allowed.runs).toBe(3);
  });

  test("begins with what it is told to, and says so", async () => {
    const failure = await failureOf({
      ...library(() => false),
      begin: async (graph) => {
        await (await graph.user("ann")).spawn(addShelf, { label: "art" });
      },
      steps: ({ spawn }) => [spawn(addShelf, { by: ["bob"] })],
      invariant: async ({ graph }) => expect(await graph.nodes(Shelf).count()).toBe(1),
    });
    expect(failure.lines.slice(3)).toEqual([
      "await begin(graph);",
      'await bob.spawn(addShelf, { label: "maps" });',
    ]);
  });

  test("refuses users that it does not have", async () => {
    await expect(checkModel(fc, { ...library(() => true), users: [] })).rejects.toThrow(TypeError);
    await expect(
      checkModel(fc, { ...library(() => true), steps: ({ spawn }) => [spawn(addShelf, { by: ["eve"] })] }),
    ).rejects.toThrow('"eve" is none of its users');
  });
});

test("values are printed as what makes them", () => {
  const value = {
    text: 'a "b"',
    "not a name": [1n, -0, null, undefined, true],
    date: new Date(0),
    map: new Map([["k", new Set([1])]]),
    bytes: new Uint8Array([1, 2]),
    none: {},
  };
  expect(new Function(`return ${sourceText(value)}`)()).toEqual(value);
  expect([variableName("post_message"), variableName("Find"), variableName("2nd try")]).toEqual([
    "postMessage",
    "find",
    "_2ndTry",
  ]);
});
