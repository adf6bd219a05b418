import { describe, expect, it } from "vitest";
import { asText } from "./text.ts";

const car = { id: "n02961779", label: "car, auto" };
const door = { id: "n02963378", label: "car door" };
const lock = { id: "n03226423", label: "doorlock" };

describe("answers for people", () => {
  it("counts stand in columns", () => {
    const counts = {
      synsets: 117_791,
      senses: 1,
      pointers: 2,
      lexicalPointers: 0,
      byKind: { hypernym: 89_172 },
    };
    expect(asText.counts(counts)).toMatchInlineSnapshot(`
      "synsets                   117,791
      senses                          1
      pointers                        2
        of them lexical               0
        hypernym                 89,172"
    `);
  });

  it("every way up is indented step by step", () => {
    expect(asText.hypernyms({ synset: lock, paths: [[lock, door], [lock]] })).toMatchInlineSnapshot(`
      "doorlock [n03226423]
        car door [n02963378]

      doorlock [n03226423]"
    `);
  });

  it("what two synsets do not share is said in words", () => {
    expect(asText.common({ synsets: [car, door], common: [] })).toBe(
      "car, auto [n02961779] and car door [n02963378] have no hypernym in common.",
    );
    expect(asText.similarity({ synsets: [car, door], path: 0.2, wuPalmer: null })).toMatchInlineSnapshot(`
      "car, auto [n02961779]
      car door [n02963378]
      path       0.2000
      Wu-Palmer  no way from one to the other"
    `);
  });

  it("parts hang below their wholes", () => {
    const parts = [
      { ...door, kind: "part", of: car.id, depth: 1 },
      { id: "n1", label: "steel", kind: "substance", of: car.id, depth: 1 },
      { ...lock, kind: "part", of: door.id, depth: 2 },
    ] as const;
    expect(asText.parts({ synset: car, parts })).toMatchInlineSnapshot(`
      "car, auto [n02961779]
        car door [n02963378]
          doorlock [n03226423]
        steel [n1] (substance)"
    `);
    expect(asText.parts({ synset: lock, parts: [] })).toBe("doorlock [n03226423] has no parts.");
  });
});
