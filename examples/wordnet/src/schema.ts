import { edge, node } from "@rootwalk/core";
import { BulkLoad } from "@rootwalk/core/interchange";
import { z } from "zod";
import type { PointerKind } from "./pointer-kinds.ts";
import type { SynsetRef } from "./taxonomy.ts";

const wordNumber = z.int().positive();

/** A set of synonyms: one meaning, and the words that can express it. */
export class Synset extends node(
  "Synset",
  {
    /** Part of speech and offset in Princeton's files: `n02086723`. */
    key: z.string(),
    /** `s` is an adjective that is a satellite of another one. */
    synsetType: z.enum(["n", "v", "a", "s", "r"]),
    /** Its first word, type and number among that word's senses: `dog.n.01`. */
    name: z.string(),
    /** As written: capitals kept, blanks as underscores. */
    words: z.array(z.string()),
    gloss: z.string(),
    /** Number of the lexicographer file. */
    lexFile: z.int(),
    /** Sentence frames of verbs; without `word` a frame fits all words. */
    frames: z.array(z.object({ frame: z.int(), word: wordNumber.optional() })).optional(),
    /** Where an adjective may stand: `a` before its noun, `p` after a verb, `ip` right after its noun. */
    positions: z.array(z.object({ word: wordNumber, position: z.enum(["a", "p", "ip"]) })).optional(),
  },
  { unique: ["key"] },
) {
  get ref(): SynsetRef {
    return { id: this.key, label: this.words.map((word) => word.replaceAll("_", " ")).join(", ") };
  }
}

/** A word in lower case, of whatever parts of speech. */
export class Word extends node("Word", { lemma: z.string() }, { unique: ["lemma"] }) {}

/** A word in a synset. A synset that lists a word twice, in different capitals, has two senses of it. */
export class Sense extends edge(
  "Sense",
  {
    pos: z.enum(["n", "v", "a", "r"]),
    /** Among the word's senses in this part of speech; 1 is the most frequent one. */
    number: wordNumber,
    /** Its place among the synset's words. */
    word: wordNumber,
    tagCount: z.int(),
    senseKey: z.string(),
  },
  { from: Word, to: Synset },
) {}

/** A lexical pointer relates one word of each synset, counted from 1; without them it relates the synsets. */
const words = { sourceWord: wordNumber.optional(), targetWord: wordNumber.optional() };
const synsets = { from: Synset, to: Synset };

export class Hypernym extends edge("Hypernym", words, synsets) {}
export class InstanceHypernym extends edge("InstanceHypernym", words, synsets) {}
export class Hyponym extends edge("Hyponym", words, synsets) {}
export class InstanceHyponym extends edge("InstanceHyponym", words, synsets) {}
export class MemberHolonym extends edge("MemberHolonym", words, synsets) {}
export class SubstanceHolonym extends edge("SubstanceHolonym", words, synsets) {}
export class PartHolonym extends edge("PartHolonym", words, synsets) {}
export class MemberMeronym extends edge("MemberMeronym", words, synsets) {}
export class SubstanceMeronym extends edge("SubstanceMeronym", words, synsets) {}
export class PartMeronym extends edge("PartMeronym", words, synsets) {}
export class Antonym extends edge("Antonym", words, synsets) {}
export class Attribute extends edge("Attribute", words, synsets) {}
export class Derivation extends edge("Derivation", words, synsets) {}
export class TopicDomain extends edge("TopicDomain", words, synsets) {}
export class TopicMember extends edge("TopicMember", words, synsets) {}
export class RegionDomain extends edge("RegionDomain", words, synsets) {}
export class RegionMember extends edge("RegionMember", words, synsets) {}
export class UsageDomain extends edge("UsageDomain", words, synsets) {}
export class UsageMember extends edge("UsageMember", words, synsets) {}
export class Entailment extends edge("Entailment", words, synsets) {}
export class Cause extends edge("Cause", words, synsets) {}
export class AlsoSee extends edge("AlsoSee", words, synsets) {}
export class VerbGroup extends edge("VerbGroup", words, synsets) {}
export class SimilarTo extends edge("SimilarTo", words, synsets) {}
export class Participle extends edge("Participle", words, synsets) {}
export class Pertainym extends edge("Pertainym", words, synsets) {}
export class DerivedFromAdjective extends edge("DerivedFromAdjective", words, synsets) {}

export const pointerTypes = {
  hypernym: Hypernym,
  instanceHypernym: InstanceHypernym,
  hyponym: Hyponym,
  instanceHyponym: InstanceHyponym,
  memberHolonym: MemberHolonym,
  substanceHolonym: SubstanceHolonym,
  partHolonym: PartHolonym,
  memberMeronym: MemberMeronym,
  substanceMeronym: SubstanceMeronym,
  partMeronym: PartMeronym,
  antonym: Antonym,
  attribute: Attribute,
  derivation: Derivation,
  topicDomain: TopicDomain,
  topicMember: TopicMember,
  regionDomain: RegionDomain,
  regionMember: RegionMember,
  usageDomain: UsageDomain,
  usageMember: UsageMember,
  entailment: Entailment,
  cause: Cause,
  alsoSee: AlsoSee,
  verbGroup: VerbGroup,
  similarTo: SimilarTo,
  participle: Participle,
  pertainym: Pertainym,
  derivedFromAdjective: DerivedFromAdjective,
} satisfies Record<PointerKind, unknown>;

/** Whether a source was imported; how far its load has come is kept in a `BulkLoad`. Other stages are of earlier files. */
export class ImportProgress extends node(
  "ImportProgress",
  {
    source: z.string(),
    stage: z.enum(["synsets", "words", "pointers", "done"]).default("synsets"),
    lines: z.int().default(0),
  },
  { unique: ["source"] },
) {}

export const types = [ImportProgress, BulkLoad, Synset, Word, Sense, ...Object.values(pointerTypes)];
