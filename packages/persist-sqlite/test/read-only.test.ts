import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { edge, type Graph, gte, type NodeClass, node, openGraph, openUntyped, via } from "@rootwalk/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { sqlite } from "../src/index.ts";
import { Database } from "./database.ts";
import { temporaryFile } from "./support.ts";

class Room extends node("Room", { name: z.string(), visits: z.int().default(0) }, { unique: ["name"] }) {}
class Suite extends Room.extend("Suite", { beds: z.int() }) {}
class Message extends node("Message", { text: z.string(), sent: z.date() }) {}
class Posted extends edge("Posted", { at: z.number() }, { from: Room, to: Message }) {}
const types = [Room, Suite, Message, Posted];

async function open(path: string, options = {}, of = types): Promise<Graph> {
  const graph = await openGraph({ types: of, store: sqlite(path, options) });
  onTestFinished(() => graph.close());
  return graph;
}

/** A closed file with two rooms and three messages. */
async function filled(): Promise<string> {
  const path = temporaryFile();
  const graph = await openGraph({ types, store: sqlite(path) });
  await graph.transaction((tx) => {
    const lobby = tx.create(Room, { name: "lobby" });
    tx.create(Suite, { name: "royal", beds: 2 });
    for (let at = 1; at <= 3; at++)
      lobby.connect(Message, { text: `message ${at}`, sent: new Date(at) }, via(Posted, { at }));
  });
  await graph.close();
  return path;
}

const readOnly = { readOnly: true };
const filesBeside = (path: string): string[] => readdirSync(dirname(path)).sort();

describe("a store that is opened for reading only", () => {
  test("reads, and leaves the file and its folder byte for byte as they were", async () => {
    const path = await filled();
    const before = readFileSync(path);
    const graph = await open(path, readOnly);
    expect(await graph.nodes(Room).count()).toBe(2);
    expect(
      await graph
        .nodes(Room, { name: "lobby" })
        .out(Posted, { at: gte(2) })
        .count(),
    ).toBe(2);
    expect(graph.status().store.supports).toMatchObject({ readOnly: true });
    await graph.close();
    expect(readFileSync(path)).toEqual(before);
    expect(filesBeside(path)).toEqual(["graph.db"]);
  });

  test("refuses every write with an error that says so, and goes on reading", async () => {
    const path = await filled();
    const graph = await open(path, readOnly);
    const lobby = (await graph.nodes(Room, { name: "lobby" }).first()) as Room;
    const refused = {
      code: "RW_READ_ONLY",
      category: "user",
      message: expect.stringContaining("for reading only"),
    };
    await expect(graph.transaction((tx) => void tx.create(Room, { name: "new" }))).rejects.toMatchObject(
      refused,
    );
    await expect(
      graph.transaction(async (tx) => (await tx.require(Room, lobby.id)).delete()),
    ).rejects.toMatchObject(refused);
    await expect(graph.createRoot()).rejects.toMatchObject(refused);
    await expect(
      graph.nodes(Room).updateAll((room) => void Object.assign(room, { visits: 1 })),
    ).rejects.toMatchObject(refused);
    expect(await graph.nodes(Room).count()).toBe(2);
  });

  test("itself takes no commit and no lease, whoever asks it", async () => {
    const store = sqlite(await filled(), readOnly);
    await store.open({ types: [], indexes: [] });
    expect(() => store.commit([])).toThrow(expect.objectContaining({ code: "RW_READ_ONLY" }));
    expect(() => store.lease("", 1)).toThrow(expect.objectContaining({ code: "RW_READ_ONLY" }));
    expect(store.purge(10)).toBe(false);
    await store.close();
  });

  test("creates no file where there is none, and takes no empty one for a graph", async () => {
    const path = temporaryFile();
    await expect(open(path, readOnly)).rejects.toMatchObject({
      code: "RW_STORE_PLACE",
      message: expect.stringContaining("does not exist"),
    });
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, "");
    await expect(open(path, readOnly)).rejects.toMatchObject({ code: "RW_STORE_FORMAT" });
    expect(readFileSync(path)).toHaveLength(0);
    expect(filesBeside(path)).toEqual(["graph.db"]);
  });

  test("sees what others commit while it is open", async () => {
    const path = await filled();
    const reader = await open(path, readOnly);
    expect(await reader.nodes(Room).count()).toBe(2);
    const writer = await open(path);
    await writer.transaction((tx) => void tx.create(Room, { name: "attic" }));
    await reader.refresh();
    expect(await reader.nodes(Room, { name: "attic" }).count()).toBe(1);
    const beside = await open(path, readOnly);
    expect(await beside.nodes(Room).count()).toBe(3);
  });

  test("leaves a write-ahead log that a crash left where it is, and reads what is in it", async () => {
    const path = await filled();
    const writer = await open(path);
    await writer.transaction((tx) => void tx.create(Room, { name: "attic" }));
    const crashed = temporaryFile();
    for (const suffix of ["", "-wal"]) copyFileSync(`${path}${suffix}`, `${crashed}${suffix}`);
    const before = ["", "-wal"].map((suffix) => readFileSync(`${crashed}${suffix}`));
    const graph = await open(crashed, readOnly);
    expect(await graph.nodes(Room, { name: "attic" }).count()).toBe(1);
    await graph.close();
    expect(["", "-wal"].map((suffix) => readFileSync(`${crashed}${suffix}`))).toEqual(before);
  });

  test("makes backups that can be written", async () => {
    const path = await filled();
    const store = sqlite(path, readOnly);
    const graph = await openGraph({ types, store });
    await store.backup(`${path}.copy`);
    await graph.close();
    const copy = await open(`${path}.copy`);
    await copy.transaction((tx) => void tx.create(Room, { name: "attic" }));
    expect(await copy.nodes(Room).count()).toBe(3);
  });

  test("a backup that was never opened keeps its mark", async () => {
    const path = await filled();
    const store = sqlite(path);
    const graph = await openGraph({ types, store });
    await store.backup(`${path}.copy`);
    await graph.close();
    const before = readFileSync(`${path}.copy`);
    await (await open(`${path}.copy`, readOnly)).close();
    expect(readFileSync(`${path}.copy`)).toEqual(before);
  });

  test("reads records of another shape anew, and adds none to the file", async () => {
    const path = await filled();
    class Newer extends node(
      "Room",
      { name: z.string(), visits: z.int().default(0), topic: z.string().default("none") },
      { unique: ["name"] },
    ) {}
    const graph = await openGraph({ types: [Newer], store: sqlite(path, readOnly) });
    expect((await graph.nodes(Newer, { name: "lobby" }).one()).topic).toBe("none");
    await graph.close();
    const { catalog, graph: again } = await openUntyped({ store: sqlite(path, readOnly) });
    await again.close();
    expect(catalog.types.find(({ name }) => name === "Room")?.shapes).toHaveLength(1);
  });

  test("refuses types and indexes that the file has not, which it cannot add", async () => {
    const path = await filled();
    class Other extends node("Other", {}) {}
    class Indexed extends node("Message", { text: z.string(), sent: z.date() }, { index: ["text"] }) {}
    const missing = (name: string) => ({ code: "RW_STORE_CATALOG", message: expect.stringContaining(name) });
    await expect(openGraph({ types: [Other], store: sqlite(path, readOnly) })).rejects.toMatchObject(
      missing("the type Other"),
    );
    await expect(openGraph({ types: [Indexed], store: sqlite(path, readOnly) })).rejects.toMatchObject(
      missing("the index Message.text"),
    );
  });

  test("takes an open database of the caller's", async () => {
    const path = await filled();
    const graph = await open(path, { readOnly: true, driver: new Database(path, { readonly: true }) });
    expect(await graph.nodes(Message).count()).toBe(3);
  });

  test("an option that is neither true nor false is a TypeError", () => {
    expect(() => sqlite("a.db", { readOnly: "yes" as never })).toThrow(TypeError);
  });
});

describe("a graph that is opened without the app's types", () => {
  async function untyped(path: string) {
    const opened = await openUntyped({ store: sqlite(path, readOnly) });
    onTestFinished(() => opened.graph.close());
    const type = (name: string): NodeClass => opened.types.get(name) as NodeClass;
    return { ...opened, type };
  }

  test("has types, parents, fields and indexes as they are stored", async () => {
    const { graph, type, types: found } = await untyped(await filled());
    expect([...found.keys()]).toEqual(["Root", "Edge", "Room", "Suite", "Message", "Posted"]);
    const rooms = await graph.nodes(type("Room")).all();
    expect(rooms.map((room) => [room.$type, room.$data])).toEqual([
      ["Room", { name: "lobby", visits: 0 }],
      ["Suite", { name: "royal", visits: 0, beds: 2 }],
    ]);
    const before = graph.status().store.counters.rowsRead;
    expect(await graph.nodes(type("Room"), { name: "royal" } as never).ids()).toEqual([rooms[1]?.id]);
    // By the index: the row and what it takes to find it, not all of them.
    expect(graph.status().store.counters.rowsRead - before).toBeLessThanOrEqual(1);
  });

  test("answers queries over several hops, in order, with values of every kind", async () => {
    const { graph, types: found, type } = await untyped(await filled());
    const posted = found.get("Posted") as typeof Posted;
    const texts = await graph
      .nodes(type("Room"))
      .out(posted, { at: gte(2) })
      .reverse()
      .all();
    expect(texts.map((message) => message.$data)).toEqual([
      { text: "message 3", sent: new Date(3) },
      { text: "message 2", sent: new Date(2) },
    ]);
  });

  test("shows a field that the code gave up, and one whose name the library has a meaning for by now", async () => {
    const path = await filled();
    const database = new Database(path);
    database.exec(
      `UPDATE types SET shapes = json_insert(shapes, '$[0].fields[#]', json('{"name":"connect","required":false,"vendor":"zod"}'))
        WHERE name = 'Message'`,
    );
    database.exec(
      "UPDATE nodes SET data = json_set(data, '$.connect', 'kept') WHERE type = (SELECT nr FROM types WHERE name = 'Message')",
    );
    database.close();
    class Shorter extends node("Message", { text: z.string() }) {}
    await (await openGraph({ types: [Shorter], store: sqlite(path) })).close();
    const { graph, type } = await untyped(path);
    const [message] = await graph.nodes(type("Message")).all();
    expect(message?.$data).toEqual({ text: "message 1", sent: new Date(1), connect: "kept" });
    expect(message?.connect).toBeTypeOf("function");
  });

  test("is under access control", async () => {
    const path = await filled();
    const writer = await open(path);
    const ann = await writer.createRoot();
    await writer.as(ann).transaction((tx) => void tx.create(Room, { name: "Ann's" }));
    const { graph, type } = await untyped(path);
    expect(await graph.nodes(type("Room")).count()).toBe(3);
    const rooms = await graph.as(ann.id).nodes(type("Room")).all();
    expect(rooms.map((room) => room.$data)).toEqual([{ name: "Ann's", visits: 0 }]);
  });

  test("is refused over a store that can be written", async () => {
    await expect(openUntyped({ store: sqlite(await filled()) })).rejects.toMatchObject({
      code: "RW_OPTION_INVALID",
    });
  });
});
