// Every measure of the taxonomy against the reference, over the whole of WordNet.
import { beforeAll, describe, expect, it } from "vitest";
import { readSynsets, wordNetFolder } from "../src/parse.ts";
import { Taxonomy } from "../src/taxonomy.ts";
import { Reference } from "./reference.ts";

const reference = new Reference();
const taxonomy = new Taxonomy();
/** Each synset as a question may name it. */
const words = new Map<string, string>();

beforeAll(async () => {
  for await (const { key, pointers } of readSynsets(wordNetFolder())) {
    taxonomy.addSynset(key, reference.ref(key), reference.synsets.get(key)?.name as string);
    for (const kind of ["hypernym", "instanceHypernym"]) {
      for (const pointer of pointers) if (pointer.kind === kind) taxonomy.addHypernym(key, pointer.target);
    }
  }
  for (const [word, ids] of reference.senses) {
    for (const [index, id] of ids.entries()) words.set(id, `${word}#${index + 1}`);
  }
});

describe("the taxonomy agrees with the reference", () => {
  it("on all ways up from every hundredth synset", () => {
    for (const id of every(100)) expect(taxonomy.paths(id)).toEqual(reference.paths(id));
  });

  it("on the longest chain", () => {
    expect(taxonomy.longestChain().map((id) => taxonomy.ref(id))).toEqual(reference.longest().chain);
  });

  it("on lowest common hypernyms and similarities of 2,500 pairs", () => {
    const ids = [...reference.synsets.keys()];
    const verbs = ids.filter((id) => id.startsWith("v"));
    const branching = ids.filter((id) => reference.paths(id).length > 2);
    const random = seeded(1);
    const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] as string;
    for (let round = 0; round < 500; round += 1) {
      const low = pick(branching);
      const high = pick(reference.paths(low).flat());
      check(pick(ids), pick(ids));
      check(pick(branching), pick(branching));
      check(pick(verbs), pick(verbs));
      check(low, high);
      check(high, low);
    }
  });
});

function check(a: string, b: string): void {
  const [first, second] = [words.get(a), words.get(b)] as [string, string];
  expect({
    common: taxonomy.lowestCommonHypernyms(a, b).map((id) => taxonomy.ref(id)),
    path: taxonomy.pathSimilarity(a, b),
    wuPalmer: taxonomy.wuPalmerSimilarity(a, b),
  }).toEqual({
    common: reference.common(first, second).common,
    path: reference.pathSimilarity(a, b),
    wuPalmer: reference.wuPalmer(a, b),
  });
}

describe("a taxonomy without synsets", () => {
  it("has no longest chain", () => {
    expect(new Taxonomy().longestChain()).toEqual([]);
  });
});

function* every(step: number): Generator<string> {
  let index = 0;
  for (const id of reference.synsets.keys()) if (index++ % step === 0) yield id;
}

/** Numbers in [0, 1) that are the same in every run: a linear congruential generator, good enough to pick samples. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
