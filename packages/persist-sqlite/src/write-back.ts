import { closeSync, fdatasync, openSync } from "node:fs";

/** The log is written to the disk after this part, roughly, of the pages that make a checkpoint. */
const partAtOnce = 1 / 4;

/** Pages that a transaction writes: some that every one does, and of each row now and then one of its own. */
const pagesOfTransaction = 5;
const pagesOfRow = 0.5;

/**
 * Has the write-ahead log written to the disk beside the traffic, where commits do not wait for the disk.
 *
 * Every checkpoint begins by waiting until the whole log is there. Of forty megabytes that was two thirds of its time
 * (20 of 28 ms), for which the event loop stood still, and an eighth of all the time of small commits. What is written
 * early has nothing to wait for; nothing else changes, and nothing depends on it.
 */
export class WriteBack {
  readonly #path: string;
  readonly #pagesAtOnce: number;
  #file: number | undefined;
  #pages = 0;
  #underWay = 0;
  #hasTurned = false;
  #isClosed = false;
  readonly #turned = (): void => {
    this.#hasTurned = true;
  };
  readonly #done = (): void => {
    // A failure is SQLite's to find out: whoever has the log open is told of it at the next sync.
    this.#underWay -= 1;
    if (this.#isClosed) this.#close();
  };

  /**
   * @param path of the write-ahead log
   * @param checkpointPages after which SQLite writes it back into the file
   */
  constructor(path: string, checkpointPages: number) {
    this.#path = path;
    this.#pagesAtOnce = checkpointPages * partAtOnce;
  }

  /** Takes note of a transaction that was committed. */
  note(rows: number): void {
    this.#pages += pagesOfTransaction + rows * pagesOfRow;
    if (this.#pages < this.#pagesAtOnce || this.#isClosed) return;
    // A slow disk is asked once at a time. But while the event loop does not turn nobody hears that it has answered.
    if (this.#underWay > 0 && this.#hasTurned) return;
    this.#pages = 0;
    try {
      // SQLite's locks are on the file and on its index, so that closing this handle takes none of them away.
      this.#file ??= openSync(this.#path, "r");
    } catch {
      this.#isClosed = true;
      return;
    }
    this.#underWay += 1;
    this.#hasTurned = false;
    setImmediate(this.#turned).unref();
    fdatasync(this.#file, this.#done);
  }

  close(): void {
    this.#isClosed = true;
    this.#close();
  }

  #close(): void {
    if (this.#underWay > 0 || this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
  }
}
