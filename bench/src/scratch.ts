import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoryFolder } from "../../scripts/memory-folder.ts";

/** A folder of its own, which goes with the process at the latest. */
export class Scratch {
  readonly folder: string;
  #files = 0;
  readonly #remove = () => rmSync(this.folder, { recursive: true, force: true });

  /** @param parent on the disk of the checkout where nothing is said: a memory file system would hide what durability costs */
  constructor(parent: string = fileURLToPath(new URL("../tmp/", import.meta.url))) {
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, "rootwalk-bench-"));
    process.once("exit", this.#remove);
    // An interrupted run ends by the default action, without "exit" and so without cleaning up.
    process.once("SIGINT", interrupt);
  }

  /** In memory where there is room: for files whose disk is a simulated one. */
  static inMemory(): Scratch {
    return new Scratch(memoryFolder());
  }

  /** The path of a file that does not exist yet. */
  file(name: string): string {
    this.#files += 1;
    return join(this.folder, `${this.#files}-${name}`);
  }

  copyOf(file: string): string {
    const copy = this.file("copy.db");
    copyFileSync(file, copy);
    return copy;
  }

  remove(): void {
    process.off("exit", this.#remove);
    process.off("SIGINT", interrupt);
    this.#remove();
  }
}

function interrupt(): never {
  process.exit(130);
}
