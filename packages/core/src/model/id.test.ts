import { describe, expect, test } from "vitest";
import { compareIdWords, formatId, IdColumn, IdSource, isId, parseId, requireId } from "./id.ts";

const text = "0192f0c1-a2b3-7c4d-95e6-f70819a2b3c4";
const words = [0x0192f0c1, 0xa2b37c4d | 0, 0x95e6f708 | 0, 0x19a2b3c4];

describe("the text of an id", () => {
  test("is four words and back", () => {
    const out = [0, 0, 0, 0];
    expect(parseId(text, out)).toBe(true);
    expect(out).toEqual(words);
    expect(formatId(...(words as [number, number, number, number]))).toBe(text);
  });

  test("is read to any place", () => {
    const out = new Int32Array(8);
    expect(parseId(text, out, 4)).toBe(true);
    expect([...out]).toEqual([0, 0, 0, 0, ...words]);
  });

  test.each([
    ["nothing", ""],
    ["a word", "general"],
    ["upper case", text.toUpperCase()],
    ["another version", "0192f0c1-a2b3-4c4d-95e6-f70819a2b3c4"],
    ["another variant", "0192f0c1-a2b3-7c4d-c5e6-f70819a2b3c4"],
    ["missing hyphens", "0192f0c1a2b37c4d95e6f70819a2b3c40000"],
    ["a strange digit", "0192f0c1-a2b3-7c4d-95e6-f70819a2b3cg"],
    ["a digit beyond ASCII", "0192f0c1-a2b3-7c4d-95e6-f70819a2b3cé"],
    ["something before it", ` ${text}`],
    ["something after it", `${text} `],
  ])("is not %s", (_what, wrong) => {
    expect(isId(wrong)).toBe(false);
    expect(() => requireId(wrong, "get")).toThrow(
      expect.objectContaining({ code: "RW_ID_INVALID", message: expect.stringMatching(/^get: ".*" is not/) }),
    );
  });

  test("is a string", () => {
    expect([undefined, null, 7, {}, [text]].map(isId)).toEqual(Array(5).fill(false));
    expect(isId(text)).toBe(true);
  });
});

test("words order as the texts do", () => {
  const column = IdColumn.of(
    "00000000-0000-7000-8000-000000000000",
    "7fffffff-ffff-7fff-bfff-ffffffffffff",
    "80000000-0000-7000-8000-000000000000",
    "ffffffff-ffff-7fff-bfff-fffffffffffe",
    "ffffffff-ffff-7fff-bfff-ffffffffffff",
  );
  for (let i = 0; i < column.length; i++) {
    for (let j = 0; j < column.length; j++) {
      expect(Math.sign(compareIdWords(column.words, i * 4, column.words, j * 4))).toBe(Math.sign(i - j));
    }
  }
});

describe("a column of ids", () => {
  test("grows, takes ids in every form and gives them in every form", () => {
    const column = new IdColumn(1);
    expect(column.push(text)).toBe(0);
    expect(column.pushWords(...(words as [number, number, number, number]))).toBe(1);
    const bytes = new Uint8Array(18);
    column.writeBytes(0, bytes, 2);
    expect(Buffer.from(bytes).toString("hex")).toBe(`0000${text.replaceAll("-", "")}`);
    expect(column.pushBytes(bytes, 2)).toBe(2);
    expect([...column]).toEqual([text, text, text]);
    expect(column.length).toBe(3);
    expect(column.at(2)).toBe(text);
    expect([0, 1, 2, 3].map((k) => column.word(2, k))).toEqual(words);
  });

  test("is unchanged by what is no id", () => {
    const column = IdColumn.of(text);
    expect(() => column.push("x")).toThrow(expect.objectContaining({ code: "RW_ID_INVALID" }));
    expect([...column]).toEqual([text]);
  });

  test("can be emptied and used again", () => {
    const column = IdColumn.from([text, text]);
    column.clear();
    expect([...column]).toEqual([]);
    column.push(text);
    expect([...column]).toEqual([text]);
  });
});

/** An id's time, counter and rest. */
function parts(id: string): { ms: number; counter: number } {
  const [a = 0, b = 0, c = 0] = words32(id);
  return { ms: (a >>> 0) * 65536 + (b >>> 16), counter: ((b & 0xfff) << 3) | ((c >>> 27) & 7) };
}

function words32(id: string): number[] {
  const out = [0, 0, 0, 0];
  parseId(id, out);
  return out;
}

function fillWith(byte: number): (bytes: Uint8Array) => void {
  return (bytes) => {
    bytes.fill(byte);
  };
}

describe("a source of ids", () => {
  test("makes valid ids of its clock's time", () => {
    const source = new IdSource(() => 1_700_000_000_123);
    const id = source.nextId();
    expect(isId(id)).toBe(true);
    expect(parts(id).ms).toBe(1_700_000_000_123);
  });

  test("gives words and text alike", () => {
    const source = new IdSource(() => 5, fillWith(0));
    const out = new Int32Array(6);
    expect(source.next(out, 2)).toBe(out);
    expect(formatId(out[2] as number, out[3] as number, out[4] as number, out[5] as number)).toBe(
      "00000000-0005-7000-8000-000000000000",
    );
    expect(source.nextId()).toBe("00000000-0005-7000-8800-000000000000");
  });

  test("counts up within a millisecond from a random start, and starts anew in the next", () => {
    let now = 1000;
    const source = new IdSource(() => now, fillWith(0xff));
    const first = parts(source.nextId());
    expect(first).toEqual({ ms: 1000, counter: 0x3fff });
    expect(parts(source.nextId())).toEqual({ ms: 1000, counter: 0x4000 });
    now = 1001;
    expect(parts(source.nextId())).toEqual({ ms: 1001, counter: 0x3fff });
  });

  test("runs ahead of its clock rather than repeat a key", () => {
    const source = new IdSource(() => 1000);
    const keys = new Set<number>();
    let before = "";
    for (let i = 0; i < 100_000; i++) {
      const id = source.nextId();
      expect(id > before).toBe(true);
      before = id;
      const { ms, counter } = parts(id);
      keys.add(ms * 32768 + counter);
    }
    expect(keys.size).toBe(100_000);
    expect(parts(before).ms).toBeLessThan(1000 + 8);
  });

  test("is never behind, even when its clock goes back", () => {
    let now = 5000;
    const source = new IdSource(() => now);
    const first = source.nextId();
    now = 10;
    expect(source.nextId() > first).toBe(true);
  });

  test("comes after every id it was shown", () => {
    const source = new IdSource(() => 1000);
    for (const seen of [
      "0000ffff-0000-7000-8000-000000000000",
      "0000ffff-0000-7123-bfff-ffffffffffff",
      "00000000-0001-7000-8000-000000000000",
      "0000ffff-0001-7fff-bfff-ffffffffffff",
    ]) {
      const [a = 0, b = 0, c = 0, d = 0] = words32(seen);
      source.observe(a, b, c, d);
      const id = source.nextId();
      expect(id > seen).toBe(true);
    }
    expect(source.nextId() > "0000ffff-0002").toBe(true);
  });

  test("refuses times beyond the year 10889", () => {
    const source = new IdSource(() => 0);
    source.observe(-1, -1, -1, -1);
    expect(() => source.nextId()).toThrow(expect.objectContaining({ code: "RW_ID_EXHAUSTED" }));
    expect(() => new IdSource(() => Number.MAX_SAFE_INTEGER).nextId()).toThrow(
      expect.objectContaining({ code: "RW_ID_EXHAUSTED" }),
    );
  });

  test("draws its randomness in pools", () => {
    let draws = 0;
    const source = new IdSource(
      () => 1000,
      (bytes) => {
        draws++;
        crypto.getRandomValues(bytes);
      },
    );
    for (let i = 0; i < 1000; i++) source.nextId();
    expect(draws).toBeLessThan(10);
  });
});
