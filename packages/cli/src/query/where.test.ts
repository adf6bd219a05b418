import { type Graph, type NodeClass, openGraph } from "@rootwalk/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fill, Message, Room, Suite, types } from "../../test/support.ts";
import { parseWhere } from "./where.ts";

describe("filters of the command line", () => {
  let graph: Graph;
  beforeAll(async () => {
    graph = await openGraph({ types });
    await fill(graph);
  });
  afterAll(() => graph.close());

  async function found(type: NodeClass, filters: readonly string[]): Promise<Record<string, unknown>[]> {
    let query = graph.nodes(type);
    for (const filter of filters) query = query.filter(parseWhere(filter) as never);
    return (await query.all()).map((record) => record.$data);
  }

  test.each([
    ["a value", ["name=lobby"], ["lobby"]],
    ["a number", ["visits=3"], ["lobby"]],
    ["a number as text", ['visits="3"'], []],
    ["a comparison", ["visits>=3"], ["lobby"]],
    ["a beginning", ["name^=ro"], ["royal"]],
    ["several tests", ["visits<10", "name!=lobby"], ["royal"]],
    ["operators in JSON", ['{"visits":{"$gt":0,"$lt":5}}'], ["lobby"]],
    ["a disjunction", ['{"$or":[{"name":"lobby"},{"name":{"$startsWith":"r"}}]}'], ["lobby", "royal"]],
    ["a negation", ['{"$not":{"name":"lobby"}}'], ["royal"]],
    ["one of several", ['{"name":{"$oneOf":["lobby","attic"]}}'], ["lobby"]],
    ["absence", ['{"topic":{"$absent":true}}'], ["lobby", "royal"]],
    ["presence", ['{"topic":{"$absent":false}}'], []],
    ["nothing", ["{}"], ["lobby", "royal"]],
    ["a bigint", ['{"beds":{"@bigint":"2"}}'], ["royal"]],
    ["a bigint as it is printed", ["beds>=2n"], ["royal"]],
    ["a bigint as text", ['beds="2n"'], []],
    ["a conjunction", ['{"$and":[{"name":"lobby"},{"visits":3}]}'], ["lobby"]],
  ])("test %s", async (_what, filters, names) => {
    // Beds are a field of the subtype.
    const type = filters.join().includes("beds") ? Suite : Room;
    expect((await found(type, filters)).map(({ name }) => name)).toEqual(names);
  });

  test.each([
    ["the short form of a date", "sent>=@1970-01-01T00:00:00.002Z", ["message 2", "message 3"]],
    ["a tagged date", '{"sent":{"$lt":{"@date":"1970-01-01T00:00:00.002Z"}}}', ["message 1"]],
    ["a text that holds signs", "text=message 2", ["message 2"]],
    ["a part of a text", "text~=sage 2", ["message 2"]],
  ])("test %s", async (_what, filter, texts) => {
    expect((await found(Message, [filter])).map(({ text }) => text)).toEqual(texts);
  });

  test.each([
    ["no test", "lobby", /neither a test nor JSON/],
    ["JSON that is none", "{name:1}", /no valid JSON/],
    ["an unknown operator", '{"name":{"$like":"x"}}', /\$like; there are \$eq/],
    ["a disjunction of no array", '{"$or":{"name":"x"}}', /\$or takes an array/],
    ["one of no array", '{"name":{"$oneOf":"x"}}', /\$oneOf of name takes an array/],
    ["a tag that is none", '{"sent":{"@date":"never"}}', /malformed @date/],
  ])("refuse %s", (_what, filter, message) => {
    expect(() => parseWhere(filter)).toThrow(message);
  });
});
