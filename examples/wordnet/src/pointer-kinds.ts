/** WordNet's four syntactic categories: noun, verb, adjective (satellites included), adverb. */
export type PartOfSpeech = "n" | "v" | "a" | "r";

/**
 * The symbols that mean the same wherever they stand; `\` is the one that does not.
 * Names follow wninput(5WN); a domain's members point back at it with `-`.
 */
const commonKinds = {
  "!": "antonym",
  "@": "hypernym",
  "@i": "instanceHypernym",
  "~": "hyponym",
  "~i": "instanceHyponym",
  "#m": "memberHolonym",
  "#s": "substanceHolonym",
  "#p": "partHolonym",
  "%m": "memberMeronym",
  "%s": "substanceMeronym",
  "%p": "partMeronym",
  "=": "attribute",
  "+": "derivation",
  ";c": "topicDomain",
  "-c": "topicMember",
  ";r": "regionDomain",
  "-r": "regionMember",
  ";u": "usageDomain",
  "-u": "usageMember",
  "*": "entailment",
  ">": "cause",
  "^": "alsoSee",
  $: "verbGroup",
  "&": "similarTo",
  "<": "participle",
} as const;

export type PointerKind =
  | (typeof commonKinds)[keyof typeof commonKinds]
  | "pertainym"
  | "derivedFromAdjective";

/** Which symbols each part of speech may use: any other one means that the file is damaged or of another format. */
const symbolsOf: Record<PartOfSpeech, ReadonlyMap<string, PointerKind>> = {
  n: kinds("! @ @i ~ ~i #m #s #p %m %s %p = + ;c -c ;r -r ;u -u", {
    // Not in wninput's table for nouns; three pointers of "mellowness" use it as adjectives do.
    "\\": "pertainym",
  }),
  v: kinds("! @ ~ * > ^ $ + ;c ;r ;u"),
  a: kinds("! & < = ^ + ;c ;r ;u", { "\\": "pertainym" }),
  r: kinds("! + ;c ;r ;u", { "\\": "derivedFromAdjective" }),
};

export const pointerKinds: readonly PointerKind[] = [
  ...new Set(Object.values(symbolsOf).flatMap((symbols) => [...symbols.values()])),
];

/** What a pointer symbol means in a synset of this part of speech; undefined where it means nothing. */
export function pointerKind(symbol: string, pos: PartOfSpeech): PointerKind | undefined {
  return symbolsOf[pos].get(symbol);
}

function kinds(symbols: string, own: Record<string, PointerKind> = {}): ReadonlyMap<string, PointerKind> {
  const common = symbols.split(" ") as (keyof typeof commonKinds)[];
  return new Map([...common.map((symbol) => [symbol, commonKinds[symbol]] as const), ...Object.entries(own)]);
}
