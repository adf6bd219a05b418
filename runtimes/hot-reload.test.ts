import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AnyNode, type Graph, type Id, type NodeClass, type Tx, walker } from "@rootwalk/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cache, root } from "./registry.ts";

// The pattern of docs/guide/hot-reload.md, its code taken from the page: modules evaluated again, with definitions that
// changed meanwhile, over the same file in the same process. The library is evaluated once, as from `node_modules`.

type TaskNode = AnyNode & { title: string; urgency?: number };

/** What an evaluation exports, whichever definitions it was of. */
interface Modules {
  readonly graph: Graph;
  readonly Task: NodeClass<Record<never, never>, TaskNode>;
}

const folder = join(cache, "hot-reload");
const page = readFileSync(join(root, "docs/guide/hot-reload.md"), "utf8");

/** A file of the page. */
function file(name: string): string {
  const [, code] = new RegExp(`\`\`\`ts\n(// ${name}\n[\\s\\S]*?)\`\`\``).exec(page) ?? [];
  if (code === undefined) throw new Error(`the page has no ${name}`);
  return code;
}

const model = file("src/model.ts");
const withUrgency = model.replace("title: z.string()", "title: z.string(), urgency: z.int().default(3)");
const impossible = model.replace('node("Task"', 'node("no type name"');

let evaluations = 0;

/**
 * What a development server does when a file changes: evaluates it and what depends on it again. Here each evaluation
 * has files of its own, for loaders keep what they have read.
 */
async function evaluate(definitions: string, name = "graph.ts"): Promise<Modules> {
  evaluations += 1;
  const place = join(folder, `${evaluations}`);
  mkdirSync(place);
  writeFileSync(join(place, "model.ts"), definitions);
  // The database belongs into the test's folder.
  const graph = file("src/graph.ts").replace('"app.db"', JSON.stringify(join(folder, "app.db")));
  writeFileSync(join(place, "graph.ts"), graph);
  writeFileSync(
    join(place, "memory-graph.ts"),
    `${file("src/memory-graph.ts")}\nexport * from "./model.ts";\n`,
  );
  return (await import(/* @vite-ignore */ join(place, name))) as Modules;
}

const kept = globalThis as { myAppGraph?: Promise<Graph> | undefined; myAppStore?: unknown };
const open: Graph[] = [];

/** Fields as the definitions of the moment have them. */
function create(tx: Tx, { Task }: Modules, title: string): TaskNode {
  return (tx.create as (type: unknown, fields: object) => TaskNode)(Task, { title });
}

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});

afterEach(async () => {
  await (await kept.myAppGraph?.catch(() => undefined))?.close();
  for (const graph of open.splice(0)) await graph.close();
  kept.myAppGraph = undefined;
  kept.myAppStore = undefined;
});

test("evaluated again, the modules go on with what is stored, by classes of their own", async () => {
  const before = await evaluate(model);
  const id = await before.graph.transaction((tx) => create(tx, before, "walls").id);
  const after = await evaluate(model);
  expect(after.Task).not.toBe(before.Task);
  expect((await after.graph.require(after.Task, id)).title).toBe("walls");
  expect(await after.graph.require(after.Task, id)).not.toBeInstanceOf(before.Task);
});

test("a field that was added meanwhile has its default in old records, and a removed one stays kept", async () => {
  const before = await evaluate(model);
  const id = await before.graph.transaction((tx) => create(tx, before, "walls").id);
  const more = await evaluate(withUrgency);
  expect((await more.graph.require(more.Task, id)).urgency).toBe(3);
  await more.graph.transaction(async (tx) => {
    (await tx.require(more.Task, id)).urgency = 9;
  });
  const less = await evaluate(model);
  expect((await less.graph.require(less.Task, id)).toJSON()).toEqual({ id, type: "Task", title: "walls" });
  const again = await evaluate(withUrgency);
  expect((await again.graph.require(again.Task, id)).urgency).toBe(9);
});

test("a unit that still runs ends first, and what it writes is there", async () => {
  const before = await evaluate(model);
  let goOn: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const unit = before.graph.transaction(async (tx) => {
    const { id } = create(tx, before, "walls");
    await held;
    return id;
  });
  const evaluating = evaluate(withUrgency);
  // The new module waits in `close`, which refuses new units at once.
  await vi.waitFor(() => expect(before.graph.nodes(before.Task).count()).rejects.toThrow("closed"));
  goOn();
  const after = await evaluating;
  expect((await after.graph.require(after.Task, await unit)).urgency).toBe(3);
});

test("what is left of the old graph says what is wrong and what to do", async () => {
  const before = await evaluate(model);
  const record = await before.graph.transaction((tx) => create(tx, before, "walls"));
  const query = before.graph.nodes(before.Task);
  const after = await evaluate(withUrgency);

  expect(record.title).toBe("walls");
  expect(() => {
    record.title = "roof";
  }).toThrow(expect.objectContaining({ code: "RW_CLOSED" }));
  await expect(query.count()).rejects.toMatchObject({ code: "RW_CLOSED" });
  await expect(before.graph.transaction(() => 1)).rejects.toMatchObject({ code: "RW_CLOSED" });
  const renamed = { code: "RW_UNKNOWN_TYPE", remedy: expect.stringContaining("evaluated again") as string };
  expect(() => after.graph.nodes(before.Task)).toThrow(
    expect.objectContaining({
      ...renamed,
      message: "The graph was opened with another class for the type Task than this one",
    }),
  );
  const stroll = walker("stroll").entry(before.Task, () => {});
  await expect(after.graph.spawn(stroll)).rejects.toMatchObject(renamed);
  await expect(after.graph.transaction((tx) => tx.root.link(record))).rejects.toThrow(
    /^link: Task .* belongs to another graph; where both are over the same records, get it here by its id$/,
  );
  const { id }: { id: Id } = record;
  expect((await after.graph.require(after.Task, id)).title).toBe("walls");
});

test("definitions that cannot be opened are told of, and the next evaluation opens again", async () => {
  const before = await evaluate(model);
  await before.graph.transaction((tx) => create(tx, before, "walls"));
  await expect(evaluate(impossible)).rejects.toThrow(/no type name/);
  const after = await evaluate(model);
  expect(await after.graph.nodes(after.Task).count()).toBe(1);
});

test("a store in memory is kept beside the graph", async () => {
  const before = await evaluate(model, "memory-graph.ts");
  await before.graph.transaction((tx) => create(tx, before, "walls"));
  const after = await evaluate(withUrgency, "memory-graph.ts");
  expect((await after.graph.nodes(after.Task).all()).map(({ title, urgency }) => [title, urgency])).toEqual([
    ["walls", 3],
  ]);
});

test("copies that keep nothing on globalThis use the file at the same time and see each other's commits", async () => {
  const copy = async (definitions: string): Promise<Modules> => {
    kept.myAppGraph = undefined;
    const modules = await evaluate(definitions);
    open.push(modules.graph);
    return modules;
  };
  const one = await copy(model);
  const two = await copy(withUrgency);
  await one.graph.transaction((tx) => create(tx, one, "walls"));
  await two.graph.transaction((tx) => create(tx, two, "roof"));
  for (const modules of [one, two]) {
    const found = await modules.graph.nodes(modules.Task).all();
    expect(found.map(({ title }) => title)).toEqual(["walls", "roof"]);
  }
});
