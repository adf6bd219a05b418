import { fc, test } from "@fast-check/vitest";
import { IdColumn } from "@rootwalk/core/store";
import { describe, expect } from "vitest";
import { KnownNodes } from "../src/known-ids.ts";

// Law: what was noted and not taken out is found, in both directions, however much was noted in between; what was taken
// out is not.

const ids = 4_000;
/** Ids of one millisecond with few random bits: some have the same place in a table. */
const words = Int32Array.from({ length: ids * 4 }, (_, i) => {
  const id = i >>> 2;
  return [0x0190abcd, 0x12347000 | (id & 0xfff), 0x80000000, id % 97][i & 3] as number;
});

const id = fc.nat({ max: ids - 1 });
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("note" as const), from: id, count: fc.nat({ max: 300 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("head" as const), from: id, count: fc.nat({ max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("forget" as const), from: id, count: fc.nat({ max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("forgetHead" as const), from: id, count: fc.nat({ max: 9 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("renumber" as const), from: id, count: fc.nat({ max: 9 }) }),
  },
);

describe("node numbers and ids", () => {
  test.prop([fc.array(command, { maxLength: 60 })])("are found as they were noted", (commands) => {
    const known = new KnownNodes();
    const numbers = new Map<number, number>();
    const heads = new Map<number, number | string>();
    let next = ids + 1;
    for (const { kind, from, count } of commands) {
      for (let i = from; i <= from + count && i < ids; i++) {
        const number = numbers.get(i) ?? (kind === "renumber" ? next++ : i + 1);
        if (kind === "note" || kind === "renumber") {
          known.note(words, i * 4, number);
          numbers.set(i, number);
        } else if (kind === "head") {
          const head = i % 3 === 0 ? `[${i}]` : i;
          known.note(words, i * 4, number, head);
          numbers.set(i, number);
          heads.set(number, head);
        } else {
          if (kind === "forget") known.forget(words, i * 4);
          else known.forgetHead(words, i * 4);
          heads.delete(number);
          if (kind === "forget") numbers.delete(i);
        }
      }
    }
    const every = Array.from({ length: ids }, (_, i) => i);
    expect(every.map((i) => known.find(words, i * 4))).toEqual(every.map((i) => numbers.get(i) ?? 0));
    const there = [...numbers];
    const headOf = (number: number) => {
      const place = known.placeOf(number);
      return place === 0 ? undefined : known.headAt(place);
    };
    expect(there.map(([, number]) => headOf(number))).toEqual(there.map(([, number]) => heads.get(number)));
    const column = new IdColumn();
    expect(there.every(([, number]) => known.push(column, number))).toBe(true);
    expect(column.words.slice(0, there.length * 4)).toEqual(
      Int32Array.from(there.flatMap(([i]) => [...words.subarray(i * 4, i * 4 + 4)])),
    );
    known.clear();
    expect(known.find(words, 0)).toBe(0);
    expect(known.push(column, 1)).toBe(false);
  });
});
