// The oracle itself against facts from elsewhere: totals counted with other tools in WordNet 3.1's files,
// similarities computed by NLTK 3.10 over the same files.
import { beforeAll, describe, expect, it } from "vitest";
import { lemmaOf, readSenses, readSynsets, wordNetFolder } from "../src/parse.ts";
import { Reference } from "./reference.ts";

let reference: Reference;
beforeAll(() => {
  reference = new Reference();
});

describe("the totals of WordNet 3.1", () => {
  it("are those of its files", () => {
    const { byKind, ...totals } = reference.counts();
    expect(totals).toEqual({ synsets: 117_791, senses: 207_272, pointers: 378_203, lexicalPointers: 92_535 });
    expect(byKind).toEqual({
      alsoSee: 3_276,
      antonym: 7_983,
      attribute: 1_278,
      cause: 221,
      derivation: 74_680,
      derivedFromAdjective: 3_253,
      entailment: 408,
      hypernym: 89_172,
      hyponym: 89_172,
      instanceHypernym: 8_589,
      instanceHyponym: 8_589,
      memberHolonym: 12_288,
      memberMeronym: 12_288,
      partHolonym: 9_111,
      partMeronym: 9_111,
      participle: 73,
      pertainym: 4_821,
      regionDomain: 1_499,
      regionMember: 1_499,
      similarTo: 21_434,
      substanceHolonym: 797,
      substanceMeronym: 797,
      topicDomain: 6_690,
      topicMember: 6_690,
      usageDomain: 1_370,
      usageMember: 1_370,
      verbGroup: 1_744,
    });
  });

  it("come out the same from the streaming parser", async () => {
    const counts = {
      synsets: 0,
      senses: 0,
      pointers: 0,
      lexicalPointers: 0,
      byKind: {} as Record<string, number>,
    };
    for await (const synset of readSynsets(wordNetFolder())) {
      counts.synsets += 1;
      counts.senses += synset.words.length;
      for (const pointer of synset.pointers) {
        counts.pointers += 1;
        if (pointer.sourceWord !== undefined) counts.lexicalPointers += 1;
        counts.byKind[pointer.kind] = (counts.byKind[pointer.kind] ?? 0) + 1;
        if (!reference.synsets.has(pointer.target)) throw new Error(`${pointer.target} does not exist`);
      }
    }
    expect(counts).toEqual(reference.counts());
  });

  it("leave 37 senses out of index.sense: a word that a synset lists twice, in other capitals", async () => {
    let senses = 0;
    const words = new Set<string>();
    let previous = "";
    let contiguous = true;
    for await (const sense of readSenses(wordNetFolder())) {
      senses += 1;
      if (sense.lemma !== previous && words.has(sense.lemma)) contiguous = false;
      previous = sense.lemma;
      words.add(sense.lemma);
      // Two files tell the order of a word's senses; the import follows one, the reference the other.
      if (reference.senses.get(`${sense.lemma}#${sense.pos}`)?.[sense.number - 1] !== sense.synset) {
        throw new Error(`${sense.senseKey} is not sense ${sense.number} in the index`);
      }
    }
    const twice = [...reference.synsets.values()].map(
      ({ forms }) => forms.length - new Set(forms.map(lemmaOf)).size,
    );
    expect({ senses, words: words.size, contiguous, twice: twice.reduce((a, b) => a + b) }).toEqual({
      senses: 207_235,
      words: 147_478,
      contiguous: true,
      twice: 37,
    });
  });
});

describe("similarity, as NLTK computes it over WordNet 3.1", () => {
  it.each([
    ["dog", "cat", 0.2, 0.8571428571428571],
    ["car", "bicycle", 0.2, 0.7272727272727273],
    ["bank#n#1", "bank#n#2", 0.07692307692307693, 0.14285714285714285],
    ["paris", "london", 0.3333333333333333, 0.9090909090909091],
    ["einstein", "scientist", 0.3333333333333333, 0.6666666666666666],
    ["entity", "dog", 0.1111111111111111, 0.2],
    ["chef", "fireman", 0.0625, 0.11764705882352941],
    ["run#v", "walk#v", 0.25, 0.2857142857142857],
    ["run#v#1", "move#v#2", 0.2, 0.3333333333333333],
    ["hot#a", "hot#a", 1, 1],
    // Not 1: of dog's hypernyms and itself, canine lies deepest when the shortest way up counts.
    ["dog", "dog", 1, 0.9285714285714286],
    // No common hypernym: the simulated root.
    ["breathe#v", "act#v", 0.3333333333333333, 0.5],
    ["dog", "run#v", 0.07692307692307693, 0.14285714285714285],
    ["good#a", "bad#a", 0.3333333333333333, 0.5],
    ["quickly", "dog", 0.09090909090909091, 0.16666666666666666],
    // The simulated root ties with a top verb and wins by its name.
    ["customize#v#2", "catabolize", 0.25, 0.25],
    // Equally deep subsumers of different outcome: the name decides, "catholic.n.01" before "pope.n.01".
    ["benedict_xiv", "john_paul_ii", 0.3333333333333333, 0.8333333333333334],
    // The first synset itself beats a name that sorts before it.
    ["move#v#2", "carve#v#1", 0.25, 0.4],
    ["carve#v#1", "move#v#2", 0.25, 0.2857142857142857],
    // The shortest way to the subsumer leads over a synset above it.
    ["olmec", "nicosia", 0.07142857142857142, 0.3157894736842105],
    ["mohican", "object", 0.14285714285714285, 0.5],
    // The deepest by shortest way up, "organism", is not the deepest by longest, "person".
    ["linebacker", "syrian", 0.125, 0.5714285714285714],
  ])("of %s and %s is %d and %d", (first, second, path, wuPalmer) => {
    expect(reference.similarity(first, second)).toMatchObject({ path, wuPalmer });
  });
});

describe("well-known answers", () => {
  it("dog has two ways up to entity", () => {
    const { synset, paths } = reference.hypernyms("dog");
    expect(synset).toEqual({ id: "n02086723", label: "dog, domestic dog, Canis familiaris" });
    expect(paths.map((path) => path.map(({ label }) => label.split(",")[0]).join(" < "))).toEqual([
      "dog < canine < carnivore < placental < mammal < vertebrate < chordate < animal < organism < living thing < whole < object < physical entity < entity",
      "dog < domestic animal < animal < organism < living thing < whole < object < physical entity < entity",
    ]);
  });

  it("Ambrose has the most ways up, over instance hypernyms", () => {
    expect(reference.hypernyms("ambrose").paths).toHaveLength(12);
  });

  it("dog and cat are carnivores; breathing and acting have nothing in common", () => {
    expect(reference.common("dog", "cat").common).toEqual([{ id: "n02077948", label: "carnivore" }]);
    expect(reference.common("breathe#v", "act#v").common).toEqual([]);
  });

  it("a car has 46 parts, 29 of them directly", () => {
    const { parts } = reference.parts("car");
    expect(parts).toHaveLength(46);
    expect(parts.filter(({ depth }) => depth === 1)).toHaveLength(29);
    expect(parts[0]).toEqual({
      id: "n02673313",
      label: "accelerator, accelerator pedal, gas pedal, gas, throttle, gun",
      kind: "part",
      of: "n02961779",
      depth: 1,
    });
  });

  it("parts go through all three kinds, each part once", () => {
    const { parts } = reference.parts("body");
    expect(parts).toHaveLength(518);
    expect(new Set(parts.map(({ id }) => id)).size).toBe(518);
    expect(new Set(parts.map(({ kind }) => kind))).toEqual(new Set(["part", "member", "substance"]));
  });

  it("the longest chain goes up from the rock hind, 20 synsets", () => {
    const { length, chain } = reference.longest();
    expect(length).toBe(20);
    expect([chain[0]?.id, chain[19]?.id]).toEqual(["n02572262", "n00001740"]);
  });

  it("a word's first sense is a noun's where there is one, else a verb's, an adjective's, an adverb's", () => {
    expect(
      ["bank", "bank#v", "bank#n#2", "Hot Dog", "abandon", "happy", "quickly"].map((w) => reference.find(w)),
    ).toEqual([
      "n09236472",
      "v02043258",
      "n08437235",
      reference.find("hot_dog#n#1"),
      reference.find("abandon#n#1"),
      reference.find("happy#a#1"),
      reference.find("quickly#r#1"),
    ]);
  });
});
