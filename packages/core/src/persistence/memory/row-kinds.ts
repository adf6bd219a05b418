import type { AccessRecord } from "../../model/access-record.ts";

/**
 * What millions of rows have in common, as one number a row: type, shape and access record. A number is free for
 * another kind once no row has it.
 */
export class RowKinds {
  readonly types: number[] = [];
  readonly shapes: number[] = [];
  readonly access: (AccessRecord | undefined)[] = [];
  /** Rows of each kind. */
  readonly #counts: number[] = [];
  readonly #free: number[] = [];
  /** By access record, then by type and shape. */
  readonly #numbers: Map<AccessRecord, Map<number, number>> = new Map();

  /** The number for one more row of this kind. */
  take(type: number, shape: number, access: AccessRecord): number {
    let byType = this.#numbers.get(access);
    if (byType === undefined) {
      byType = new Map();
      this.#numbers.set(access, byType);
    }
    const key = keyOf(type, shape);
    let kind = byType.get(key);
    if (kind === undefined) {
      kind = this.#free.pop() ?? this.types.length;
      byType.set(key, kind);
      this.types[kind] = type;
      this.shapes[kind] = shape;
      this.access[kind] = access;
      this.#counts[kind] = 0;
    }
    this.#counts[kind]! += 1;
    return kind;
  }

  /** A row of this kind is gone, or of another kind now. */
  release(kind: number): void {
    this.#counts[kind]! -= 1;
    if (this.#counts[kind] !== 0) return;
    const access = this.access[kind]!;
    const byType = this.#numbers.get(access)!;
    byType.delete(keyOf(this.types[kind]!, this.shapes[kind]!));
    if (byType.size === 0) this.#numbers.delete(access);
    this.access[kind] = undefined;
    this.#free.push(kind);
  }
}

/** Types and shapes are counted up from small numbers. */
function keyOf(type: number, shape: number): number {
  return type * 0x1_0000_0000 + shape;
}
