import { type Graph, type Id, oneOf, type Tx, via } from "@rootwalk/core";
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

/** One pass over the files. */
interface Stage {
  readonly name: "synsets" | "words" | "pointers";
  countLines(folder: string): Promise<number>;
  /** What follows the first `skip` lines, cut into units of work. */
  batches(folder: string, skip: number): AsyncIterable<Batch>;
}

interface Batch {
  readonly lines: number;
  write(tx: Tx, ids: SynsetIds): void | Promise<void>;
}

/** Synsets by key, as far as this run has met them: a record by id is at hand, one by key must be looked for. */
type SynsetIds = Map<string, Id>;

const source = "WordNet 3.1";

/** Nodes and edges in a unit of work: enough to share its sync among many, little to lose when killed in it. */
const recordsPerBatch = 4_000;

/**
 * Brings into the graph what it lacks of WordNet, which may be nothing.
 *
 * Each unit of work writes a batch together with how far it has come: a kill at any moment leaves whole batches, and
 * the next call goes on behind the last of them.
 */
export async function importWordNet(graph: Graph, options: ImportOptions = {}): Promise<void> {
  const progress = await graph.transaction(async (tx) => {
    const { id, stage, lines } = await tx.ensure(ImportProgress, { source }, { source });
    return { id, stage, lines };
  });
  const first = stages.findIndex(({ name }) => name === progress.stage);
  if (first < 0) return;

  const folder = options.folder ?? wordNetFolder();
  const counts = await Promise.all(stages.map((stage) => stage.countLines(folder)));
  const total = sum(counts);
  const ids: SynsetIds = new Map();
  for (const [index, stage] of stages.entries()) {
    if (index < first) continue;
    const before = sum(counts.slice(0, index));
    let lines = index === first ? progress.lines : 0;
    for await (const batch of stage.batches(folder, lines)) {
      const from = lines;
      lines += batch.lines;
      await graph.transaction(async (tx) => {
        const reached = await tx.require(ImportProgress, progress.id);
        if (reached.stage !== stage.name || reached.lines !== from) {
          throw new Error(
            "Another process is importing WordNet into the same file; wait until it has ended.",
          );
        }
        await batch.write(tx, ids);
        reached.lines = lines;
      });
      options.onProgress?.({ stage: stage.name, done: before + lines, total });
    }
    await graph.transaction(async (tx) => {
      const reached = await tx.require(ImportProgress, progress.id);
      reached.stage = stages[index + 1]?.name ?? "done";
      reached.lines = 0;
    });
  }
}

/** In an order in which both ends of an edge exist before it does. */
const stages: readonly Stage[] = [
  {
    name: "synsets",
    countLines: countSynsets,
    batches: (folder, skip) =>
      inBatches(namedSynsets(folder), skip, {
        lines: () => 1,
        records: () => 1,
        write: (tx, synsets, ids) => {
          for (const synset of synsets) createSynset(tx, synset, ids);
        },
      }),
  },
  {
    name: "words",
    countLines: countSenses,
    batches: (folder, skip) =>
      inBatches(wordsWithSenses(folder), skip, {
        lines: (senses) => senses.length,
        records: (senses) => 1 + senses.length,
        write: async (tx, words, ids) => {
          const synsets = await synsetsByKey(
            tx,
            ids,
            words.flat().map(({ synset }) => synset),
          );
          for (const senses of words) createWord(tx, senses, synsets);
        },
      }),
  },
  {
    name: "pointers",
    countLines: countSynsets,
    batches: (folder, skip) =>
      inBatches(readSynsets(folder), skip, {
        lines: () => 1,
        records: ({ pointers }) => pointers.length,
        write: async (tx, records, ids) => {
          const synsets = await synsetsByKey(
            tx,
            ids,
            records.flatMap(({ key, pointers }) => [key, ...pointers.map(({ target }) => target)]),
          );
          for (const record of records) linkPointers(record, synsets);
        },
      }),
  },
];

function createSynset(tx: Tx, synset: NamedSynset, ids: SynsetIds): void {
  const { key, type, words, gloss, lexFile, frames, name } = synset;
  const positions = words.flatMap(({ position }, index) => (position ? [{ word: index + 1, position }] : []));
  const { id } = tx.create(Synset, {
    key,
    synsetType: type,
    name,
    words: words.map(({ form }) => form),
    gloss,
    lexFile,
    ...(frames.length > 0 && { frames }),
    ...(positions.length > 0 && { positions }),
  });
  // Not before: the body may run again, and then makes others.
  tx.onCommit(() => ids.set(key, id));
}

function createWord(tx: Tx, senses: readonly SenseRecord[], synsets: ReadonlyMap<string, Synset>): void {
  const { lemma } = senses[0] as SenseRecord;
  const word = tx.create(Word, { lemma });
  for (const { synset: key, pos, number, tagCount, senseKey } of senses) {
    const synset = required(synsets, key);
    // index.sense has one line where a synset lists the word in several capitals, "Earth, earth": each is a sense.
    for (const [index, form] of synset.words.entries()) {
      if (lemmaOf(form) === lemma) {
        word.link(synset, via(Sense, { pos, number, word: index + 1, tagCount, senseKey }));
      }
    }
  }
}

function linkPointers({ key, pointers }: SynsetRecord, synsets: ReadonlyMap<string, Synset>): void {
  const from = required(synsets, key);
  for (const { kind, target, ...words } of pointers) {
    from.link(required(synsets, target), via(pointerTypes[kind], words));
  }
}

/** By id where this run has met them; by the index on their keys in a run that takes the import up again. */
async function synsetsByKey(
  tx: Tx,
  ids: SynsetIds,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Synset>> {
  const synsets = new Map<string, Synset>();
  const unknown: string[] = [];
  for (const key of new Set(keys)) {
    const id = ids.get(key);
    if (id === undefined) unknown.push(key);
    else synsets.set(key, await tx.require(Synset, id));
  }
  if (unknown.length === 0) return synsets;
  for (const synset of await tx.nodes(Synset, { key: oneOf(unknown) }).all()) {
    synsets.set(synset.key, synset);
    ids.set(synset.key, synset.id);
  }
  return synsets;
}

function required(synsets: ReadonlyMap<string, Synset>, key: string): Synset {
  const synset = synsets.get(key);
  if (synset === undefined)
    throw new Error(`WordNet's files name synset ${key}, but none of them defines it`);
  return synset;
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

interface Batching<Item> {
  lines(item: Item): number;
  records(item: Item): number;
  write(tx: Tx, items: readonly Item[], ids: SynsetIds): void | Promise<void>;
}

async function* inBatches<Item>(
  items: AsyncIterable<Item>,
  skip: number,
  { lines, records, write }: Batching<Item>,
): AsyncGenerator<Batch> {
  let batch: Item[] = [];
  let weight = 0;
  // The unit of work may run again after a conflict, so it closes over an array that no longer changes.
  const flush = (written: readonly Item[]): Batch => ({
    lines: sum(written.map(lines)),
    write: (tx, ids) => write(tx, written, ids),
  });
  let skipped = 0;
  for await (const item of items) {
    if (skipped < skip) {
      skipped += lines(item);
      continue;
    }
    batch.push(item);
    weight += records(item);
    if (weight >= recordsPerBatch) {
      yield flush(batch);
      batch = [];
      weight = 0;
    }
  }
  if (batch.length > 0) yield flush(batch);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
