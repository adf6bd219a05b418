import type { WalkHost } from "./walk-host.ts";
import type { WalkUnit } from "./walk-unit.ts";

// How long a walk keeps the event loop to itself.
const sliceMs = 8;

/** What the walks of one unit of work share: the outermost one and those spawned inside it. */
export class UnitWalks {
  readonly host: WalkHost;
  /** A handler asked for a checkpoint, to be made when the outermost running handler is done. */
  isCommitAsked = false;
  #isDoomed = false;
  #doomedBy: unknown;
  #marks = 0;
  #sliceEnd: number;

  constructor(host: WalkHost) {
    this.host = host;
    this.#sliceEnd = host.clock.now() + sliceMs;
  }

  get unit(): WalkUnit {
    return this.host.unit;
  }

  /** An exception left a walk. Later ones are its consequences. */
  doom(error: unknown): void {
    if (this.#isDoomed) return;
    this.#isDoomed = true;
    this.#doomedBy = error;
    this.host.doom(error);
  }

  /** @throws what doomed the unit, so that no walk goes on in it */
  requireSound(): void {
    if (this.#isDoomed) throw this.#doomedBy;
  }

  mark(): number {
    this.#marks += 1;
    return this.unit.mark();
  }

  /** Gives up some of the marks. The unit drops marks all at once, so only when no walk needs one any more. */
  releaseMarks(count: number): void {
    this.#marks -= count;
    if (this.#marks === 0) this.unit.release();
  }

  isSliceOver(): boolean {
    return this.host.clock.now() >= this.#sliceEnd;
  }

  /** Lets the event loop turn. */
  yield(): Promise<void> {
    const { clock } = this.host;
    return new Promise((resolve) => {
      clock.nextTurn(() => {
        this.#sliceEnd = clock.now() + sliceMs;
        resolve();
      });
    });
  }
}
