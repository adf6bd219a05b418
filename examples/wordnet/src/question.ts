import type { PartOfSpeech } from "./pointer-kinds.ts";

/** A word as a question names it: `bank`, `bank#n`, `bank#n#2`. */
export interface WordSense {
  /** In lower case, blanks as underscores: as words are keyed. */
  readonly lemma: string;
  /** Absent: the first part of speech, nouns first, in which the word has a sense. */
  readonly pos?: PartOfSpeech;
  readonly number: number;
}

/** What each question takes, in words. */
const wordsOf = { counts: 0, hypernyms: 1, common: 2, similarity: 2, parts: 1, longest: 0 } as const;

export type Question =
  | { readonly kind: "counts" | "longest"; readonly words: readonly [] }
  | { readonly kind: "hypernyms" | "parts"; readonly words: readonly [WordSense] }
  | { readonly kind: "common" | "similarity"; readonly words: readonly [WordSense, WordSense] };

export const questionKinds = Object.keys(wordsOf) as Question["kind"][];

/** The asker's mistake: its message is the whole answer, without a stack. */
export class QuestionError extends Error {
  override readonly name = "QuestionError";
}

/** @throws {QuestionError} when there is no such question, or it takes another number of words */
export function parseQuestion([kind, ...words]: readonly string[]): Question {
  if (kind === undefined)
    throw new QuestionError(`There is no question; ask one of: ${questionKinds.join(", ")}.`);
  if (!isKind(kind)) {
    throw new QuestionError(`There is no question "${kind}"; ask one of: ${questionKinds.join(", ")}.`);
  }
  const count = wordsOf[kind];
  if (words.length !== count) {
    const takes = ["no word", "one word", "two words"][count];
    throw new QuestionError(
      `"${kind}" takes ${takes}, not ${words.length} (a word of several parts is written hot_dog).`,
    );
  }
  return { kind, words: words.map(parseWord) } as unknown as Question;
}

/** @throws {QuestionError} when it is not written `word`, `word#pos` or `word#pos#number` */
export function parseWord(text: string): WordSense {
  const parts = /^([^#]+)(?:#([nvasr])(?:#([1-9]\d*))?)?$/.exec(text.trim());
  if (parts === null) {
    throw new QuestionError(
      `"${text}" is not a word of the form bank, bank#n or bank#n#2 (n noun, v verb, a adjective, r adverb).`,
    );
  }
  const [, word, pos, number = "1"] = parts as unknown as [string, string, string?, string?];
  const sense = { lemma: word.trim().toLowerCase().replaceAll(/\s+/g, "_"), number: Number(number) };
  // Satellites are numbered among the adjectives, so s and a name the same senses.
  return pos === undefined ? sense : { ...sense, pos: pos === "s" ? "a" : (pos as PartOfSpeech) };
}

function isKind(kind: string): kind is Question["kind"] {
  return Object.hasOwn(wordsOf, kind);
}
