import { type Graph, gte, walker } from "@rootwalk/core";
import { z } from "zod";
import { partsOfSpeech } from "./parse.ts";
import type { PartOfSpeech, PointerKind } from "./pointer-kinds.ts";
import { type Question, QuestionError, type WordSense } from "./question.ts";
import {
  Hypernym,
  InstanceHypernym,
  MemberMeronym,
  PartMeronym,
  pointerTypes,
  Sense,
  SubstanceMeronym,
  Synset,
  Word,
} from "./schema.ts";
import { type SynsetRef, Taxonomy } from "./taxonomy.ts";

export interface Answers {
  counts: {
    readonly synsets: number;
    /** Words in synsets. */
    readonly senses: number;
    readonly pointers: number;
    /** Those of the pointers that relate words, not whole synsets. */
    readonly lexicalPointers: number;
    readonly byKind: Readonly<Partial<Record<PointerKind, number>>>;
  };
  /** All ways up, each from the synset to the top. */
  hypernyms: { readonly synset: SynsetRef; readonly paths: readonly (readonly SynsetRef[])[] };
  /** Empty where the two have no common hypernym. */
  common: { readonly synsets: readonly [SynsetRef, SynsetRef]; readonly common: readonly SynsetRef[] };
  /** Null where no way leads from one to the other. */
  similarity: {
    readonly synsets: readonly [SynsetRef, SynsetRef];
    readonly path: number | null;
    readonly wuPalmer: number | null;
  };
  /** Nearest first; each part once, under the whole from which the shortest way leads to it. */
  parts: { readonly synset: SynsetRef; readonly parts: readonly Part[] };
  /** The first of the longest chains, from the lowest synset to the top; its length counts synsets. */
  longest: { readonly length: number; readonly chain: readonly SynsetRef[] };
}

export type Answer = Answers[keyof Answers];

const part = z.object({
  id: z.string(),
  label: z.string(),
  kind: z.enum(["part", "member", "substance"]),
  /** The id of the whole. */
  of: z.string(),
  /** Steps from the synset that was asked for. */
  depth: z.int(),
});
export type Part = z.infer<typeof part>;

/** Goes up from wherever it starts to the tops, each synset and each edge once, and keeps what it passes. */
export const ascend = walker("ascend", { once: true, state: () => ({ taxonomy: new Taxonomy() }) })
  .entry(Synset, (w, here) => {
    w.state.taxonomy.addSynset(here.id, here.ref, here.name);
    w.visit(here.out(Hypernym).edges());
    w.visit(here.out(InstanceHypernym).edges());
  })
  .entry([Hypernym, InstanceHypernym], (w, edge) => {
    w.state.taxonomy.addHypernym(edge.sourceId, edge.targetId);
  });

interface Descent {
  /** What has been entered: where it lies under the start. */
  readonly wholes: Map<string, { readonly of: string; readonly depth: number }>;
  /** The edge entered last; a synset comes right after the edge that leads to it. */
  step?: { readonly sourceId: string; readonly kind: Part["kind"] };
}

/** Goes down from a synset through all three kinds of meronyms and reports each part, nearest first. */
export const collectParts = walker("collect_parts", {
  once: true,
  report: part,
  state: (): Descent => ({ wholes: new Map() }),
})
  .entry(PartMeronym, (w, { sourceId }) => {
    w.state.step = { sourceId, kind: "part" };
  })
  .entry(MemberMeronym, (w, { sourceId }) => {
    w.state.step = { sourceId, kind: "member" };
  })
  .entry(SubstanceMeronym, (w, { sourceId }) => {
    w.state.step = { sourceId, kind: "substance" };
  })
  .entry(Synset, (w, here) => {
    const { step, wholes } = w.state;
    const whole = step && wholes.get(step.sourceId);
    const depth = whole ? whole.depth + 1 : 0;
    wholes.set(here.id, { of: here.key, depth });
    if (step && whole) w.report({ ...here.ref, kind: step.kind, of: whole.of, depth });
    w.visit(here.out(PartMeronym).edges());
    w.visit(here.out(MemberMeronym).edges());
    w.visit(here.out(SubstanceMeronym).edges());
  });

/** @throws {QuestionError} when WordNet does not have a word or sense of the question */
export function answer(graph: Graph, { kind, words }: Question): Promise<Answer> {
  switch (kind) {
    case "counts":
      return counts(graph);
    case "hypernyms":
      return hypernyms(graph, words[0]);
    case "common":
      return common(graph, ...words);
    case "similarity":
      return similarity(graph, ...words);
    case "parts":
      return parts(graph, words[0]);
    case "longest":
      return longest(graph);
  }
}

export function counts(graph: Graph): Promise<Answers["counts"]> {
  return graph.transaction(async (tx) => {
    const byKind: Partial<Record<PointerKind, number>> = {};
    let pointers = 0;
    let lexicalPointers = 0;
    for (const [kind, type] of Object.entries(pointerTypes)) {
      const count = await tx.edges(type).count();
      if (count > 0) byKind[kind as PointerKind] = count;
      pointers += count;
      lexicalPointers += await tx.edges(type, { sourceWord: gte(1) }).count();
    }
    const synsets = await tx.nodes(Synset).count();
    const senses = await tx.edges(Sense).count();
    return { synsets, senses, pointers, lexicalPointers, byKind };
  });
}

export async function hypernyms(graph: Graph, word: WordSense): Promise<Answers["hypernyms"]> {
  const synset = await findSynset(graph, word);
  const taxonomy = await above(graph, [synset]);
  return {
    synset: synset.ref,
    paths: taxonomy.paths(synset.id).map((path) => path.map((id) => taxonomy.ref(id))),
  };
}

export async function common(graph: Graph, first: WordSense, second: WordSense): Promise<Answers["common"]> {
  const [a, b] = [await findSynset(graph, first), await findSynset(graph, second)];
  const taxonomy = await above(graph, [a, b]);
  return {
    synsets: [a.ref, b.ref],
    common: taxonomy.lowestCommonHypernyms(a.id, b.id).map((id) => taxonomy.ref(id)),
  };
}

export async function similarity(
  graph: Graph,
  first: WordSense,
  second: WordSense,
): Promise<Answers["similarity"]> {
  const [a, b] = [await findSynset(graph, first), await findSynset(graph, second)];
  const taxonomy = await above(graph, [a, b]);
  return {
    synsets: [a.ref, b.ref],
    path: taxonomy.pathSimilarity(a.id, b.id),
    wuPalmer: taxonomy.wuPalmerSimilarity(a.id, b.id),
  };
}

export async function parts(graph: Graph, word: WordSense): Promise<Answers["parts"]> {
  const synset = await findSynset(graph, word);
  const run = await graph.spawn(collectParts, {}, { at: synset });
  return { synset: synset.ref, parts: run.reports };
}

export async function longest(graph: Graph): Promise<Answers["longest"]> {
  // One walk from everywhere: each synset is entered once, whatever the number of ways through it.
  const run = await graph.spawn(ascend, {}, { at: graph.nodes(Synset) });
  const { taxonomy } = run.state;
  const chain = taxonomy.longestChain().map((id) => taxonomy.ref(id));
  return { length: chain.length, chain };
}

async function above(graph: Graph, synsets: readonly Synset[]): Promise<Taxonomy> {
  const run = await graph.spawn(ascend, {}, { at: synsets });
  return run.state.taxonomy;
}

const posNames: Record<PartOfSpeech, string> = {
  n: "a noun",
  v: "a verb",
  a: "an adjective",
  r: "an adverb",
};

function findSynset(graph: Graph, { lemma, pos, number }: WordSense): Promise<Synset> {
  const shown = lemma.replaceAll("_", " ");
  return graph.transaction(async (tx) => {
    const word = await tx.nodes(Word, { lemma }).first();
    if (word === undefined) throw new QuestionError(`WordNet 3.1 has no word "${shown}".`);
    const senses = await word.out(Sense).pairs().all();
    const known = partsOfSpeech.filter((each) => senses.some(({ edge }) => edge.pos === each));
    const wanted = pos ?? known[0] ?? "n";
    const ofPos = senses.filter(({ edge }) => edge.pos === wanted);
    const found = ofPos.find(({ edge }) => edge.number === number);
    if (found) return found.node;

    if (ofPos.length === 0) {
      const others = known.map((each) => posNames[each]).join(" and ");
      throw new QuestionError(`"${shown}" is not ${posNames[wanted]} in WordNet 3.1, but ${others}.`);
    }
    // Not the number of edges: a synset may list the word in several capitals.
    const count = new Set(ofPos.map(({ edge }) => edge.number)).size;
    const has = `${count} ${count === 1 ? "sense" : "senses"} as ${posNames[wanted]}`;
    throw new QuestionError(`"${shown}" has ${has} in WordNet 3.1; there is no sense ${number}.`);
  });
}
