import { formatId, type Id, IdColumn, type IdSource } from "../model/id.ts";

/** Ids that one millisecond has; see model/id.ts for where time and counter stand. */
const idsAMillisecond = 1 << 15;

/**
 * Ids that follow one another from a first one: who knows that one knows them all. What is random in the others is made
 * of what is random in the first and of the place.
 */
export class IdBlock {
  readonly #ms: number;
  readonly #counter: number;
  readonly #c: number;
  readonly #d: number;

  constructor(first: Id) {
    const { words } = IdColumn.of(first);
    const [a, b, c, d] = [words[0]! >>> 0, words[1]! >>> 0, words[2]! >>> 0, words[3]!];
    this.#ms = a * 0x10000 + (b >>> 16);
    this.#counter = ((b & 0xfff) << 3) | ((c >>> 27) & 7);
    this.#c = c & 0x7ffffff;
    this.#d = d;
  }

  /** The four words of the id at this place, from 0. */
  words(place: number): readonly [number, number, number, number] {
    const count = this.#counter + place;
    const ms = this.#ms + Math.floor(count / idsAMillisecond);
    const counter = count % idsAMillisecond;
    const c = place === 0 ? this.#c : mix(this.#c, place) & 0x7ffffff;
    const d = place === 0 ? this.#d : mix(this.#d, ~place);
    return [
      Math.floor(ms / 0x10000) | 0,
      ((ms % 0x10000) << 16) | 0x7000 | (counter >>> 3),
      0x80000000 | ((counter & 7) << 27) | c | 0,
      d,
    ];
  }

  at(place: number): Id {
    return formatId(...this.words(place));
  }

  /** Has ids that are made from here on come after the first `count` of the block. */
  reserve(ids: IdSource, count: number): void {
    if (count > 0) ids.observe(...this.words(count - 1));
  }
}

function mix(value: number, place: number): number {
  let h = value ^ Math.imul(place, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
