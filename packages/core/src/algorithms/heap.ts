/** A binary heap of small integers: the one with the least key comes out first, of equal keys the lesser number. */
export class Heap {
  readonly #numbers: number[] = [];
  readonly #keyOf: (number: number) => number;

  /** @param keyOf must answer the same for as long as the number is in the heap */
  constructor(keyOf: (number: number) => number) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#numbers.length;
  }

  push(number: number): void {
    const numbers = this.#numbers;
    let at = numbers.push(number) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(number, numbers[above]!)) break;
      numbers[at] = numbers[above]!;
      at = above;
    }
    numbers[at] = number;
  }

  pop(): number | undefined {
    const numbers = this.#numbers;
    const first = numbers[0];
    const moved = numbers.pop();
    if (first === undefined || moved === undefined || numbers.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= numbers.length) break;
      if (below + 1 < numbers.length && this.#isBefore(numbers[below + 1]!, numbers[below]!)) below += 1;
      if (!this.#isBefore(numbers[below]!, moved)) break;
      numbers[at] = numbers[below]!;
      at = below;
    }
    numbers[at] = moved;
    return first;
  }

  /** Roughly in the order in which they will come out. */
  get waiting(): readonly number[] {
    return this.#numbers;
  }

  #isBefore(left: number, right: number): boolean {
    const difference = this.#keyOf(left) - this.#keyOf(right);
    return difference < 0 || (difference === 0 && left < right);
  }
}
