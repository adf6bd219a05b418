import { type Random, seededRandom } from "./random.ts";

/**
 * Makes 16-byte ids in the layout of UUIDv7 (RFC 9562, method 1: a counter in rand_a): the peers pay for ids of the
 * same kind as the graph's own, hand-written so that they pay no more than they must.
 */
export class IdMaker {
  readonly #random: Random;
  #milliseconds = 0;
  #counter = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  bytes(): Buffer {
    this.#advance();
    const id = Buffer.allocUnsafe(16);
    id.writeUIntBE(this.#milliseconds, 0, 6);
    id.writeUInt16BE(0x7000 | this.#counter, 6);
    id.writeUInt32BE((0x80000000 | (this.#random() * 0x40000000)) >>> 0, 8);
    id.writeUInt32BE((this.#random() * 0x100000000) >>> 0, 12);
    return id;
  }

  text(): string {
    const hex = this.bytes().toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #advance(): void {
    const now = Date.now();
    if (now > this.#milliseconds) {
      this.#milliseconds = now;
      this.#counter = 0;
      return;
    }
    this.#counter += 1;
    // The clock runs ahead of itself rather than making ids out of order.
    if (this.#counter > 0xfff) {
      this.#milliseconds += 1;
      this.#counter = 0;
    }
  }
}
