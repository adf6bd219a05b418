import { describe, expect, it } from "vitest";
import { parseQuestion, parseWord, QuestionError } from "./question.ts";

describe("a word of a question", () => {
  it.each([
    ["bank", { lemma: "bank", number: 1 }],
    ["bank#v", { lemma: "bank", pos: "v", number: 1 }],
    ["bank#n#2", { lemma: "bank", pos: "n", number: 2 }],
    ["happy#s#3", { lemma: "happy", pos: "a", number: 3 }],
    [" Hot  Dog ", { lemma: "hot_dog", number: 1 }],
    ["'s_Gravenhage#n", { lemma: "'s_gravenhage", pos: "n", number: 1 }],
  ])("%j names a lemma and a sense", (text, sense) => {
    expect(parseWord(text)).toEqual(sense);
  });

  it.each(["", "#n", "bank#", "bank#x", "bank#2", "bank#n#0", "bank#n#2#3", "bank#n#two"])(
    "%j is refused",
    (text) => {
      expect(() => parseWord(text)).toThrow(QuestionError);
      expect(() => parseWord(text)).toThrow("is not a word of the form bank, bank#n or bank#n#2");
    },
  );
});

describe("a question", () => {
  it("is its kind and its words", () => {
    expect(parseQuestion(["common", "dog", "cat#n#1"])).toEqual({
      kind: "common",
      words: [
        { lemma: "dog", number: 1 },
        { lemma: "cat", pos: "n", number: 1 },
      ],
    });
  });

  it.each([
    [[], "There is no question; ask one of: counts, hypernyms, common, similarity, parts, longest."],
    [["toString"], 'There is no question "toString"; ask one of: counts,'],
    [["similarity", "dog"], '"similarity" takes two words, not 1'],
    [
      ["hypernyms", "hot", "dog"],
      '"hypernyms" takes one word, not 2 (a word of several parts is written hot_dog).',
    ],
    [["counts", "dog"], '"counts" takes no word, not 1'],
  ])("%j is refused", (args, message) => {
    expect(() => parseQuestion(args)).toThrow(message);
    expect(() => parseQuestion(args)).toThrow(QuestionError);
  });
});
