import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A folder of its own on the disk of the checkout: a memory file system would hide what durability costs. */
export class Scratch {
  readonly folder: string;
  #files = 0;
  readonly #remove = () => rmSync(this.folder, { recursive: true, force: true });

  constructor() {
    const parent = fileURLToPath(new URL("../tmp/", import.meta.url));
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, "bench-"));
    process.once("exit", this.#remove);
    // An interrupted run ends by the default action, without "exit" and so without cleaning up.
    process.once("SIGINT", interrupt);
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

/** A folder in memory where there is such, for files whose disk is a simulated one. Whoever makes it removes it. */
export function memoryFolder(): string {
  for (const parent of ["/dev/shm", tmpdir()]) {
    try {
      return mkdtempSync(join(parent, "rootwalk-"));
    } catch {
      // Not there, or not for us.
    }
  }
  throw new Error("no folder for temporary files can be written");
}

function interrupt(): never {
  process.exit(130);
}
