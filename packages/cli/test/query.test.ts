import { describe, expect, test } from "vitest";
import { answer, chat, jsonLines, openFile, Room, rootwalk, sharedChat } from "./support.ts";

interface Line {
  readonly id: string;
  readonly type: string;
  readonly fields: Record<string, unknown>;
}

const shared = sharedChat();

const lines = (...args: string[]): Line[] => jsonLines<Line>(answer("query", ...args, "--json"));
const texts = (...args: string[]): unknown[] => lines(...args).map(({ fields }) => fields.text);

describe("rootwalk query", () => {
  test("shows people a table, numbers to the right", async () => {
    const path = shared();
    const shown = answer("query", path, "nodes", "Room").replaceAll(/[0-9a-f-]{36}/g, "ID");
    expect(shown).toMatchInlineSnapshot(`
      "id                                    type   name   visits  beds
      ID  Room   lobby       3
      ID  Suite  royal       0  2n
      "
    `);
  });

  test("gives programs a JSON object a line, with tags for what JSON lacks", async () => {
    const path = shared();
    const [, suite] = lines(path, "nodes", "Room");
    expect(suite).toEqual({
      id: expect.any(String),
      type: "Suite",
      fields: { name: "royal", visits: 0, beds: { "@bigint": "2" } },
    });
    expect(lines(path, "nodes", "Message", "--limit", "1", "--fields", "sent")[0]?.fields).toEqual({
      sent: { "@date": "1970-01-01T00:00:00.001Z" },
    });
  });

  test("goes over several hops, and a filter is about what stands before it", async () => {
    const path = shared();
    const rooms = [path, "nodes", "Room"];
    expect(texts(...rooms, "--out", "Posted")).toEqual(["message 1", "message 2", "message 3"]);
    expect(texts(...rooms, "--where", "name=lobby", "--out", "Posted", "--where", "text=message 2")).toEqual([
      "message 2",
    ]);
    expect(texts(...rooms, "--out", "Posted", "--where-edge", "at>10", "--desc", "--limit", "1")).toEqual([
      "message 3",
    ]);
    expect(
      texts(
        ...rooms,
        "--where",
        "name=royal",
        "--both",
        "Near",
        "--out",
        "Message",
        "--order-by",
        "sent",
        "--desc",
      ),
    ).toEqual(["message 3", "message 2", "message 1"]);
    expect(
      lines(...rooms, "--where", "name=royal", "--both", "--depth", "1..2").map(({ type }) => type),
    ).toEqual(["Room", "Message", "Message", "Message"]);
    expect(lines(...rooms, "--out", "--of-type", "Suite").map(({ type }) => type)).toEqual(["Suite"]);
  });

  test("counts, and lists edges", async () => {
    const path = shared();
    expect(answer("query", path, "nodes", "Room", "--count")).toBe("2\n");
    expect(lines(path, "edges", "Posted", "--where", "at=20")).toEqual([
      {
        id: expect.any(String),
        type: "Posted",
        source: expect.any(String),
        target: expect.any(String),
        fields: { at: 20 },
      },
    ]);
    expect(lines(path, "nodes", "Room", "--out", "Posted", "--edges").map(({ fields }) => fields.at)).toEqual(
      [10, 20, 30],
    );
    expect(answer("query", path, "edges", "Posted", "--count", "--json")).toBe('{"count":3}\n');
  });

  test("says when there is more than it shows", async () => {
    const path = shared();
    expect(rootwalk("query", path, "nodes", "Message", "--limit", "2").stderr).toContain(
      "These are the first 2",
    );
    expect(rootwalk("query", path, "nodes", "Message", "--limit", "3").stderr).toBe("");
    expect(rootwalk("query", path, "nodes", "Message", "--where", "text=no").stderr).toBe(
      "Nothing matches.\n",
    );
  });

  test("gets one record whole, node or edge, and its neighbours with the edges to them", async () => {
    const path = shared();
    const [lobby, suite] = lines(path, "nodes", "Room");
    const [got] = lines(path, "get", lobby?.id as string);
    expect(got).toMatchObject({
      id: lobby?.id,
      type: "Room",
      access: { all: "none" },
      fields: lobby?.fields,
    });
    const [edge] = lines(path, "edges", "Posted");
    expect(lines(path, "get", edge?.id as string)[0]).toMatchObject({
      type: "Posted",
      access: { all: "read" },
    });
    const pairs = jsonLines<{ edge: Line; node: Line }>(
      answer("query", path, "neighbours", lobby?.id as string, "--json"),
    );
    expect(pairs.map((pair) => [pair.edge.type, pair.node.type])).toEqual([
      ["Posted", "Message"],
      ["Posted", "Message"],
      ["Posted", "Message"],
      ["Near", "Suite"],
    ]);
    const shown = answer("query", path, "neighbours", suite?.id as string, "--out", "Near").replaceAll(
      /[0-9a-f-]{36}/g,
      "ID",
    );
    expect(shown).toMatchInlineSnapshot(`
      "    edge  with  id                                    type  name   visits
      <-  Near        ID  Room  lobby       3
      "
    `);
    expect(answer("query", path, "neighbours", lobby?.id as string, "--out", "Posted", "--count")).toBe(
      "3\n",
    );
  });

  test("draws what it finds, for mermaid or for Graphviz", async () => {
    const path = shared();
    const rooms = ["query", path, "nodes", "Room"];
    expect(answer(...rooms, "--mermaid", "--label", "name")).toBe(
      'flowchart LR\n  n1["lobby"]\n  n2["royal"]\n  n1 ---|"Near"| n2\n',
    );
    expect(answer(...rooms, "--dot", "--label", "name")).toMatch(
      /^digraph \{[\s\S]*label="lobby"[\s\S]*\}\n$/,
    );
    const lobby = lines(path, "nodes", "Room")[0]?.id as string;
    const around = answer(
      "query",
      path,
      "neighbours",
      lobby,
      "--out",
      "Posted",
      "--mermaid",
      "--label",
      "text",
    );
    expect(around.match(/\|"Posted"\|/g)).toHaveLength(3);
    expect(rootwalk(...rooms, "--mermaid", "--json")).toMatchObject({ status: 2, stdout: "" });
  });

  test("answers 1 for a record that is not there", async () => {
    const { status, stdout, stderr } = rootwalk(
      "query",
      shared(),
      "get",
      "01900000-0000-7000-8000-000000000000",
    );
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("There is no record");
  });

  test("asks as a user, who sees what that user may see", async () => {
    const path = await chat();
    const graph = await openFile(path);
    const ann = await graph.createRoot();
    await graph.as(ann).transaction((tx) => void tx.create(Room, { name: "Ann's" }));
    const own = ["--as", ann.id];
    expect(lines(path, "nodes", "Room").map(({ fields }) => fields.name)).toEqual([
      "lobby",
      "royal",
      "Ann's",
    ]);
    expect(lines(path, "nodes", "Room", ...own).map(({ fields }) => fields.name)).toEqual(["Ann's"]);
    const lobby = lines(path, "nodes", "Room")[0]?.id as string;
    expect(rootwalk("query", path, "get", lobby, ...own).status).toBe(1);
    expect(rootwalk("query", path, "nodes", "Room", "--as", lobby).status).toBe(1);
    expect(rootwalk("query", path, "nodes", "Room", "--as", "ann").status).toBe(2);
  });

  test("shows what a terminal would take for a command as text", async () => {
    const path = await chat();
    const graph = await openFile(path);
    await graph.transaction((tx) => void tx.create(Room, { name: "\u001b[2J\u0007bell" }));
    const { stdout } = rootwalk("query", path, "nodes", "Room", "--desc");
    expect(stdout).toContain('"\\u001b[2J\\u0007bell"');
    expect(stdout).not.toContain("\u001b");
  });

  test.each([
    ["a type that is not there", ["nodes", "Roam"], /no node type "Roam"\n.*Room, Suite, Message/],
    ["an edge type where nodes are asked for", ["nodes", "Posted"], /no node type "Posted"/],
    ["a field that is not there", ["nodes", "Room", "--where", "nmae=x"], /no field "nmae"/],
    ["a filter of edges without a hop", ["nodes", "Room", "--where-edge", "at>1"], /follow the hop/],
    ["an order by no field", ["nodes", "Room", "--order-by", "nmae"], /nmae/],
    ["fields that no type has", ["nodes", "Room", "--fields", "name,nmae"], /no type has a field.*\n.*name/],
    ["a limit that is none", ["nodes", "Room", "--limit", "0"], /whole number from 1/],
    ["a depth that is none", ["nodes", "Room", "--out", "--depth", "far"], /A depth is/],
    ["no type", ["nodes"], /of which type\?/],
    ["an id that is none", ["get", "7"], /"7" is no id/],
    ["another question", ["paths", "Room"], /Allowed choices are nodes, edges, get, neighbours/],
  ])("refuses %s", async (_what, args, message) => {
    const { status, stdout, stderr } = rootwalk("query", shared(), ...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
