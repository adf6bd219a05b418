import { NewerShapeError } from "../errors.ts";

/**
 * In the place of a field's value that newer code has stored and this code cannot read. No filter matches it and no
 * order knows it, as if the field were absent; whoever is to be given it gets the error.
 */
export class UnknownValue {
  /** How many there ever were, so that nobody looks for one while there is none. */
  static made = 0;
  readonly #reason: string;

  constructor(reason: string) {
    this.#reason = reason;
    UnknownValue.made += 1;
  }

  error(): NewerShapeError {
    return new NewerShapeError({ message: this.#reason });
  }
}
