import type { Graph } from "@rootwalk/core";
import { bulkLoad, edgeRow, type LoadRow, nodeRow } from "@rootwalk/core/interchange";
import {
  countSenses,
  countSynsets,
  lemmaOf,
  readSenses,
  readSynsets,
  type SenseRecord,
  type SynsetRecord,
  wordNetFolder,
} from "./parse.ts";
import { ImportProgress, pointerTypes, Sense, Synset, Word } from "./schema.ts";

export interface ImportStatus {
  readonly stage: string;
  /** Lines of Princeton's files that are in the graph, over all stages and runs. */
  readonly done: number;
  readonly total: number;
}

export interface ImportOptions {
  readonly folder?: string;
  /** Called after every unit of work. What it throws ends the import; a later call takes it up again. */
  readonly onProgress?: (status: ImportStatus) => void;
}

const source = "WordNet 3.1";

/** Nodes and edges in a unit of work: enough to share its sync among many, little to lose when killed in it. */
const recordsPerBatch = 4_000;

/**
 * Brings into the graph what it lacks of WordNet, which may be nothing.
 *
 * A load with a name is taken up by itself: a kill at any moment leaves whole batches, and the next call passes over
 * what they hold.
 */
export async function importWordNet(graph: Graph, options: ImportOptions = {}): Promise<void> {
  const progress = await graph.transaction(async (tx) => {
    const { id, stage, lines } = await tx.ensure(ImportProgress, { source }, { source });
    return { id, stage, lines };
  });
  if (progress.stage === "done") return;
  if (progress.stage !== "synsets" || progress.lines > 0)
    throw new Error(
      "An earlier version of this example has begun the import: delete the file, and begin again.",
    );

  const folder = options.folder ?? wordNetFolder();
  const total = (await countSynsets(folder)) * 2 + (await countSenses(folder));
  const read = new ReadLines();
  await bulkLoad(graph, rowsOf(folder, read), {
    name: source,
    batch: recordsPerBatch,
    onProgress: () => options.onProgress?.({ stage: read.stage, done: read.lines, total }),
  });
  await graph.transaction(async (tx) => {
    const reached = await tx.require(ImportProgress, progress.id);
    reached.stage = "done";
  });
}

/** How much of the files has been made rows of. */
class ReadLines {
  stage = "";
  lines = 0;
}

/** In an order in which both ends of an edge exist before it does: the same in every run. */
async function* rowsOf(folder: string, read: ReadLines): AsyncGenerator<LoadRow> {
  const formsOf = new Map<string, readonly string[]>();
  read.stage = "synsets";
  for await (const synset of namedSynsets(folder)) {
    read.lines += 1;
    formsOf.set(
      synset.key,
      synset.words.map(({ form }) => form),
    );
    yield synsetRow(synset);
  }
  read.stage = "words";
  for await (const senses of wordsWithSenses(folder)) {
    read.lines += senses.length;
    yield* wordRows(senses, formsOf);
  }
  read.stage = "pointers";
  for await (const { key, pointers } of readSynsets(folder)) {
    read.lines += 1;
    for (const { kind, target, ...words } of pointers) {
      if (!formsOf.has(target)) throw undefinedSynset(target);
      yield edgeRow(pointerTypes[kind], key, target, words);
    }
  }
}

function synsetRow({ key, type, words, gloss, lexFile, frames, name }: NamedSynset): LoadRow {
  const positions = words.flatMap(({ position }, index) => (position ? [{ word: index + 1, position }] : []));
  return nodeRow(Synset, key, {
    key,
    synsetType: type,
    name,
    words: words.map(({ form }) => form),
    gloss,
    lexFile,
    ...(frames.length > 0 && { frames }),
    ...(positions.length > 0 && { positions }),
  });
}

function* wordRows(
  senses: readonly SenseRecord[],
  formsOf: ReadonlyMap<string, readonly string[]>,
): Generator<LoadRow> {
  const { lemma } = senses[0] as SenseRecord;
  // A lemma may look like a synset's key.
  const word = `word ${lemma}`;
  yield nodeRow(Word, word, { lemma });
  for (const { synset, pos, number, tagCount, senseKey } of senses) {
    const forms = formsOf.get(synset);
    if (forms === undefined) throw undefinedSynset(synset);
    // index.sense has one line where a synset lists the word in several capitals, "Earth, earth": each is a sense.
    for (const [index, form] of forms.entries())
      if (lemmaOf(form) === lemma)
        yield edgeRow(Sense, word, synset, { pos, number, word: index + 1, tagCount, senseKey });
  }
}

function undefinedSynset(key: string): Error {
  return new Error(`WordNet's files name synset ${key}, but none of them defines it`);
}

interface NamedSynset extends SynsetRecord {
  /** `dog.n.01`. */
  readonly name: string;
}

/** The data files do not tell which of its senses a synset's first word has here; index.sense does. */
async function* namedSynsets(folder: string): AsyncGenerator<NamedSynset> {
  const numbers = new Map<string, number>();
  for await (const { lemma, synset, number } of readSenses(folder)) numbers.set(`${lemma} ${synset}`, number);
  for await (const synset of readSynsets(folder)) {
    const lemma = lemmaOf(synset.words[0]?.form ?? "");
    const number = numbers.get(`${lemma} ${synset.key}`);
    if (number === undefined)
      throw new Error(`index.sense lacks the sense of "${lemma}" in synset ${synset.key}`);
    yield { ...synset, name: `${lemma}.${synset.type}.${String(number).padStart(2, "0")}` };
  }
}

/** Senses by word: index.sense lists all of a word's senses together. */
async function* wordsWithSenses(folder: string): AsyncGenerator<SenseRecord[]> {
  let senses: SenseRecord[] = [];
  for await (const sense of readSenses(folder)) {
    if (senses.length > 0 && senses[0]?.lemma !== sense.lemma) {
      yield senses;
      senses = [];
    }
    senses.push(sense);
  }
  if (senses.length > 0) yield senses;
}
