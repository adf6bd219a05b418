import { fc, test } from "@fast-check/vitest";
import { type Change, compareIdWords, formatId, IdColumn, parseId } from "@rootwalk/core/store";
import { describe, expect } from "vitest";
import { CommitRecordWriter, readChanges } from "../src/commit-record.ts";
import { idTextSql, keyOf, pushId, restOf } from "../src/id-halves.ts";
import { compareHalves } from "../src/reader.ts";
import { farHeadSql, Head, headSql } from "../src/row-codec.ts";
import { Database } from "./database.ts";

// Laws: an id is its key and rest · their order is the order of ids · a row's head says what the columns say ·
// a commit record gives back what was written into it, and damaged bytes never fail.

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const idWords = fc
  .tuple(word, word, word, word)
  .map(([a, b, c, d]) => Int32Array.of(a, (b & ~0xf000) | 0x7000, (c & 0x3fffffff) | 0x80000000, d));
const text = (words: Int32Array): string => formatId(words[0]!, words[1]!, words[2]!, words[3]!);

describe("ids as two integers", () => {
  test.prop([idWords])("give the id back", (words) => {
    const column = new IdColumn();
    pushId(column, keyOf(words, 0), restOf(words, 0));
    expect(column.at(0)).toBe(text(words));
    expect(parseId(column.at(0), [0, 0, 0, 0])).toBe(true);
  });

  test.prop([idWords, idWords])("order as ids do", (x, y) => {
    const order = compareHalves(keyOf(x, 0), restOf(x, 0), keyOf(y, 0), restOf(y, 0));
    expect(Math.sign(order)).toBe(Math.sign(compareIdWords(x, 0, y, 0)));
  });

  const database = new Database(":memory:");
  const asText = database.prepare(`SELECT ${idTextSql("k", "r")} FROM (SELECT ? AS k, ? AS r)`).pluck();
  test.prop([idWords])("are shown as the id's text", (words) => {
    expect(asText.get(keyOf(words, 0), restOf(words, 0))).toBe(text(words));
  });
});

describe("the head of a row", () => {
  const database = new Database(":memory:");
  const columns = "type, owner, data_version, access_version, shape, access, gone";
  const head = database
    .prepare(
      `SELECT ${headSql("n")}, ${farHeadSql("n")} FROM (SELECT ${columns.replaceAll(/\w+/g, "? AS $&")}) n`,
    )
    .raw();
  const small = (max: number) =>
    fc.oneof(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max }),
      fc.constantFrom(255, 256, 4095, 4096, 8191, 8192, 2 ** 20 - 1, 2 ** 20),
    );

  test.prop([
    small(5_000),
    small(2 ** 41),
    small(2 ** 31),
    small(9),
    small(300),
    fc.option(fc.constantFrom('{"all":"read"}', "junk")),
    fc.option(fc.constant(1)),
  ])("says what its columns say", (type, owner, dataVersion, accessVersion, shape, access, gone) => {
    const values = [type, owner, dataVersion, accessVersion, shape, access, gone].map((value) =>
      typeof value === "number" ? BigInt(value) : value,
    );
    const [near, far] = head.get(...values) as [number | string, number | string];
    const read = new Head();
    read.read(near);
    expect({ ...read }).toEqual({ type, owner, dataVersion, accessVersion, shape, access, isGone: false });
    read.readFar(far);
    expect({ ...read }).toMatchObject({ type, owner, accessVersion, access, isGone: gone !== null });
  });
});

describe("commit records", () => {
  const names = ["Root", "Person", "Knows"];
  const pool = fc.array(idWords, { minLength: 1, maxLength: 12 });
  const steps = fc.array(
    fc.record({
      isEdge: fc.boolean(),
      op: fc.constantFrom("create", "update", "delete"),
      type: fc.nat(2),
      ids: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
      versions: fc.tuple(fc.oneof(fc.constant(0), fc.nat(2 ** 31)), fc.oneof(fc.constant(0), fc.nat(300))),
    }),
    { maxLength: 60 },
  );

  test.prop([pool, steps])("give back what a commit did", (ids, wanted) => {
    const writer = new CommitRecordWriter();
    for (let round = 0; round < 2; round++) {
      writer.begin(wanted.length);
      const expected: Change[] = wanted.map(({ isEdge, op, type, ids: picks, versions }) => {
        const [own, source, target] = picks.map((pick) => ids[pick % ids.length]!) as [
          Int32Array,
          Int32Array,
          Int32Array,
        ];
        if (isEdge) writer.edge(op as "create", type, own, 0, source, 0, target, 0, ...versions);
        else writer.node(op as "create", type, own, 0, ...versions);
        return {
          kind: isEdge ? "edge" : "node",
          op: op as "create",
          id: text(own),
          type: names[type]!,
          dataVersion: versions[0] || undefined,
          accessVersion: versions[1] || undefined,
          source: isEdge ? text(source) : undefined,
          target: isEdge ? text(target) : undefined,
        };
      });
      expect(readChanges(writer.finish(), (number) => names[number])).toEqual(expected);
    }
  });

  test.prop([fc.uint8Array({ maxLength: 200 })])("of any bytes are read or not, and never fail", (bytes) => {
    for (const content of [bytes, Uint8Array.of(1, ...bytes)]) {
      const changes = readChanges(content, (number) => names[number]);
      expect(changes === undefined || Array.isArray(changes)).toBe(true);
    }
  });
});
