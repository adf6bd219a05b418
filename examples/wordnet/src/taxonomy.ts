/** A synset as answers show it. */
export interface SynsetRef {
  /** Part of speech and offset: `n02086723`. */
  readonly id: string;
  readonly label: string;
}

interface Member {
  readonly ref: SynsetRef;
  /** Orders synsets that are equal otherwise: `dog.n.01`. */
  readonly name: string;
}

/** Stands above all tops, where a measure needs one; it sorts among the names by its own. */
const simulatedRoot = "*ROOT*";

/**
 * Synsets and the hypernyms between them, as a walk up has met them, and the measures that are defined on them.
 * Instance hypernyms count as hypernyms throughout. Keys are whatever the walk knows its nodes by.
 *
 * Depths and similarities follow NLTK (nltk/corpus/reader/wordnet.py), peculiarities included; each is named where
 * it stands.
 */
export class Taxonomy {
  readonly #members = new Map<string, Member>();
  readonly #hypernyms = new Map<string, string[]>();
  readonly #depths = new Map<string, { readonly min: number; readonly max: number }>();

  addSynset(key: string, ref: SynsetRef, name: string): void {
    this.#members.set(key, { ref, name });
  }

  addHypernym(below: string, above: string): void {
    const known = this.#hypernyms.get(below);
    if (known === undefined) this.#hypernyms.set(below, [above]);
    else known.push(above);
  }

  ref(key: string): SynsetRef {
    return this.#member(key).ref;
  }

  /** All ways up, each from the synset to a top. */
  paths(from: string): string[][] {
    const above = this.#above(from);
    if (above.length === 0) return [[from]];
    return above.flatMap((hypernym) => this.paths(hypernym).map((path) => [from, ...path]));
  }

  /** The first of the longest chains, from its synset to its top; empty when there is no synset. */
  longestChain(): string[] {
    let key: string | undefined;
    for (const candidate of this.#members.keys()) {
      if (key === undefined || this.#depth(candidate).max > this.#depth(key).max) key = candidate;
    }
    const chain: string[] = [];
    while (key !== undefined) {
      chain.push(key);
      const left: number = this.#depth(key).max - 1;
      key = this.#above(key).find((hypernym) => this.#depth(hypernym).max === left);
    }
    return chain;
  }

  /** The common hypernyms whose longest way up is longest; a synset counts as its own hypernym. */
  lowestCommonHypernyms(a: string, b: string): string[] {
    return this.#lowest(this.#common(a, b), "max");
  }

  /** One over the number of synsets on the shortest way that goes up from both; null where there is none. */
  pathSimilarity(a: string, b: string): number | null {
    const distance = this.#distance(a, b, this.#needsRoot(a, b));
    return distance === undefined ? null : 1 / (distance + 1);
  }

  /** Wu and Palmer: how deep the lowest common hypernym lies, against how far down both synsets are. */
  wuPalmerSimilarity(a: string, b: string): number | null {
    const needsRoot = this.#needsRoot(a, b);
    const common = this.#common(a, b);
    if (needsRoot) common.push(simulatedRoot);

    // The subsumer is the deepest by shortest way up, but enters the formula with its longest.
    const lowest = this.#lowest(common, "min");
    const subsumer = lowest.includes(a) ? a : lowest[0];
    if (subsumer === undefined) return null;
    const depth = this.#depth(subsumer).max + 1;

    // Shortest ways, which may lead over a synset above the subsumer.
    const fromA = this.#distance(a, subsumer, needsRoot);
    const fromB = this.#distance(b, subsumer, needsRoot);
    if (fromA === undefined || fromB === undefined) return null;
    return (2 * depth) / (fromA + depth + (fromB + depth));
  }

  /** All nouns are entities; other parts of speech have many tops, or no hypernyms at all. */
  #needsRoot(a: string, b: string): boolean {
    return [a, b].some((key) => !this.ref(key).id.startsWith("n"));
  }

  #common(a: string, b: string): string[] {
    const aboveB = this.#distancesUp(b);
    return [...this.#distancesUp(a).keys()].filter((key) => aboveB.has(key));
  }

  #lowest(keys: readonly string[], by: "min" | "max"): string[] {
    const deepest = Math.max(...keys.map((key) => this.#depth(key)[by]));
    return keys
      .filter((key) => this.#depth(key)[by] === deepest)
      .sort((x, y) => (this.#nameOf(x) < this.#nameOf(y) ? -1 : 1));
  }

  #distance(a: string, b: string, needsRoot: boolean): number | undefined {
    // A synset is at no distance from itself even where a simulated root would be consulted.
    if (a === b) return 0;
    const fromA = this.#distancesUp(a, needsRoot);
    const fromB = this.#distancesUp(b, needsRoot);
    let shortest: number | undefined;
    for (const [key, up] of fromA) {
      const down = fromB.get(key);
      if (down !== undefined && (shortest === undefined || up + down < shortest)) shortest = up + down;
    }
    return shortest;
  }

  /** Every synset above, itself included, with the length of the shortest way to it. */
  #distancesUp(from: string, withRoot = false): Map<string, number> {
    const distances = new Map([[from, 0]]);
    if (from === simulatedRoot) return distances;
    let farthest = 0;
    // A map iterates over what is added meanwhile, so this is the queue of a breadth-first search as well.
    for (const [key, distance] of distances) {
      farthest = distance;
      for (const hypernym of this.#above(key)) {
        if (!distances.has(hypernym)) distances.set(hypernym, distance + 1);
      }
    }
    // Above the farthest synset, not above the nearest top.
    if (withRoot) distances.set(simulatedRoot, farthest + 1);
    return distances;
  }

  /** Steps to a top, over the shortest and the longest way. */
  #depth(key: string): { readonly min: number; readonly max: number } {
    const known = this.#depths.get(key);
    if (known !== undefined) return known;
    const above = this.#above(key).map((hypernym) => this.#depth(hypernym));
    const depth =
      above.length === 0
        ? { min: 0, max: 0 }
        : {
            min: 1 + Math.min(...above.map(({ min }) => min)),
            max: 1 + Math.max(...above.map(({ max }) => max)),
          };
    this.#depths.set(key, depth);
    return depth;
  }

  #above(key: string): readonly string[] {
    return this.#hypernyms.get(key) ?? [];
  }

  #nameOf(key: string): string {
    return key === simulatedRoot ? key : this.#member(key).name;
  }

  #member(key: string): Member {
    const member = this.#members.get(key);
    if (member === undefined) throw new RangeError(`taxonomy: ${key} was never added`);
    return member;
  }
}
