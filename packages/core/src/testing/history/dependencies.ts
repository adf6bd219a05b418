/** Why one unit must come before another; the bits combine. */
export const WW = 1;
export const WR = 2;
/** It read a record that the other one replaced. */
export const RW = 4;
/** It searched, and the other one changed what the search finds. */
export const PREDICATE_RW = 8;
/** One after another in one process. */
export const SESSION = 16;
/** One after another by the clock. */
export const REAL_TIME = 32;

const kinds = [WW, WR, RW, PREDICATE_RW, SESSION, REAL_TIME] as const;
const names = ["ww", "wr", "rw", "rw, by a search", "session", "real time"] as const;

const ANTI = RW | PREDICATE_RW;
const ORDER = SESSION | REAL_TIME;

interface Link {
  mask: number;
  /** In words, by the place of the kind in `kinds`. */
  readonly whys: ((() => string) | undefined)[];
}

export interface Step {
  readonly from: number;
  readonly to: number;
  readonly kind: number;
}

/** Units of work and why each must come before others. */
export class Dependencies {
  readonly size: number;
  readonly #links: Map<number, Link>[];
  #reached: Uint32Array | undefined;
  readonly #words: number;

  constructor(size: number) {
    this.size = size;
    this.#words = (size + 31) >> 5;
    this.#links = Array.from({ length: size }, () => new Map());
  }

  add(from: number, to: number, kind: number, why?: () => string): void {
    if (from === to) return;
    const link = this.#links[from]!.get(to);
    if (link === undefined) this.#links[from]!.set(to, { mask: kind, whys: withWhy([], kind, why) });
    else if ((link.mask & kind) === 0) {
      link.mask |= kind;
      withWhy(link.whys, kind, why);
    } else return;
    this.#reached = undefined;
  }

  copy(): Dependencies {
    const copy = new Dependencies(this.size);
    for (let from = 0; from < this.size; from++)
      for (const [to, { mask, whys }] of this.#links[from]!)
        copy.#links[from]!.set(to, { mask, whys: [...whys] });
    return copy;
  }

  why({ from, to, kind }: Step): string | undefined {
    return this.#links[from]!.get(to)?.whys[kinds.indexOf(kind as 1)]?.();
  }

  nameOf(kind: number): string {
    return names[kinds.indexOf(kind as 1)]!;
  }

  /** Whether `from` must come before `to`; of dependencies without a cycle. */
  reaches(from: number, to: number): boolean {
    this.#reached ??= this.#closure();
    return (this.#reached[from * this.#words + (to >> 5)]! & (1 << (to & 31))) !== 0;
  }

  #closure(): Uint32Array {
    const words = this.#words;
    const reached = new Uint32Array(this.size * words);
    // A component comes after everything that it leads to.
    for (const component of this.components()) {
      for (const node of component) {
        for (const to of this.#links[node]!.keys()) {
          for (let w = 0; w < words; w++) reached[node * words + w]! |= reached[to * words + w]!;
          reached[node * words + (to >> 5)]! |= 1 << (to & 31);
        }
      }
    }
    return reached;
  }

  /** Tarjan's algorithm, without recursion: strongly connected components, each after those that it leads to. */
  components(): number[][] {
    const { size } = this;
    const index = new Int32Array(size).fill(-1);
    const low = new Int32Array(size);
    const onStack = new Uint8Array(size);
    const stack: number[] = [];
    const found: number[][] = [];
    const path: number[] = [];
    const iterators: Iterator<number>[] = [];
    let count = 0;
    const enter = (node: number): void => {
      index[node] = low[node] = count++;
      stack.push(node);
      onStack[node] = 1;
      path.push(node);
      iterators.push(this.#links[node]!.keys());
    };
    for (let start = 0; start < size; start++) {
      if (index[start]! >= 0) continue;
      enter(start);
      while (path.length > 0) {
        const node = path[path.length - 1]!;
        const next = iterators[iterators.length - 1]!.next();
        if (next.done !== true) {
          if (index[next.value]! < 0) enter(next.value);
          else if (onStack[next.value] === 1) low[node] = Math.min(low[node]!, index[next.value]!);
          continue;
        }
        path.pop();
        iterators.pop();
        if (path.length > 0) {
          const parent = path[path.length - 1]!;
          low[parent] = Math.min(low[parent]!, low[node]!);
        }
        if (low[node] !== index[node]) continue;
        const component: number[] = [];
        let member: number;
        do {
          member = stack.pop()!;
          onStack[member] = 0;
          component.push(member);
        } while (member !== node);
        found.push(component);
      }
    }
    return found;
  }

  /** The cycle that says most: of the gravest anomaly among those in the first component that has one. */
  cycle(): Step[] | undefined {
    const component = this.components().find(({ length }) => length > 1);
    if (component === undefined) return undefined;
    const among = new Set(component);
    for (const order of [0, SESSION, ORDER]) {
      for (const mask of [WW, WW | WR]) {
        const found = this.#shortest(among, mask | order);
        if (found !== undefined) return found;
      }
      const single = this.#throughOne(among, WW | WR | order);
      if (single !== undefined) return single;
      for (const mask of [WW | WR | RW, WW | WR | ANTI]) {
        const found = this.#shortest(among, mask | order);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** The shortest way of dependencies of these kinds. */
  path(from: number, to: number, mask: number, among?: ReadonlySet<number>): Step[] | undefined {
    const cameBy = new Map<number, Step>();
    const queue = [from];
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at]!;
      for (const [next, link] of this.#links[node]!) {
        if ((link.mask & mask) === 0 || cameBy.has(next) || among?.has(next) === false) continue;
        cameBy.set(next, { from: node, to: next, kind: lowest(link.mask & mask) });
        if (next !== to) {
          queue.push(next);
          continue;
        }
        const path: Step[] = [];
        let step = cameBy.get(to);
        while (step !== undefined) {
          path.unshift(step);
          step = step.from === from ? undefined : cameBy.get(step.from);
        }
        return path;
      }
    }
    return undefined;
  }

  #shortest(among: ReadonlySet<number>, mask: number): Step[] | undefined {
    let best: Step[] | undefined;
    for (const node of among) {
      const found = this.path(node, node, mask, among);
      if (found !== undefined && (best === undefined || found.length < best.length)) best = found;
    }
    return best;
  }

  /** A cycle with exactly one anti-dependency. */
  #throughOne(among: ReadonlySet<number>, mask: number): Step[] | undefined {
    let best: Step[] | undefined;
    for (const from of among) {
      for (const [to, link] of this.#links[from]!) {
        if ((link.mask & ANTI) === 0 || !among.has(to)) continue;
        const back = this.path(to, from, mask, among);
        if (back === undefined || (best !== undefined && back.length + 1 >= best.length)) continue;
        best = [{ from, to, kind: lowest(link.mask & ANTI) }, ...back];
      }
    }
    return best;
  }
}

/** The least of the dependencies explains best: a cycle of writes alone is worse than one that needs reads. */
function lowest(mask: number): number {
  return mask & -mask;
}

function withWhy(
  whys: ((() => string) | undefined)[],
  kind: number,
  why: (() => string) | undefined,
): ((() => string) | undefined)[] {
  if (why !== undefined) whys[kinds.indexOf(kind as 1)] = why;
  return whys;
}

/**
 * The anomaly's name among those of Adya's and elle's.
 *
 * - `G0`: writes alone go round. `G1c`: writes and reads of them do.
 * - `G-single`: one read of what was replaced; `G2-item`: several. With `-predicate`: a search is among them.
 * - `-session` or `-real-time`: it takes the order in one process, or by the clock, to go round.
 */
export function anomalyOf(cycle: readonly Step[]): string {
  let mask = 0;
  let anti = 0;
  for (const { kind } of cycle) {
    mask |= kind;
    if ((kind & ANTI) !== 0) anti += 1;
  }
  const name = anti > 1 ? ((mask & PREDICATE_RW) !== 0 ? "G2-predicate" : "G2-item") : undefined;
  const single = (mask & PREDICATE_RW) !== 0 ? "G-single-predicate" : "G-single";
  const base = name ?? (anti === 1 ? single : (mask & WR) !== 0 ? "G1c" : (mask & WW) !== 0 ? "G0" : "order");
  return `${base}${(mask & REAL_TIME) !== 0 ? "-real-time" : (mask & SESSION) !== 0 ? "-session" : ""}`;
}
