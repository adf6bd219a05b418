import { type Random, randomInt } from "../random.ts";
import { FOLDER, type RecordedEvent } from "./recording.ts";

/** Files by their names. */
export type Files = ReadonlyMap<string, Buffer>;

/** What a disk writes whole or not at all. */
const SECTOR = 512;

interface Write {
  readonly index: number;
  readonly at: number;
  readonly bytes: Buffer;
}

interface Cut {
  readonly index: number;
  readonly size: number;
}

interface NameChange {
  readonly index: number;
  /** The names that it sets, and to which file; `undefined` for none. */
  readonly names: readonly (readonly [string, Inode | undefined])[];
}

/** Tells whether one thing that was not synced has reached the disk all the same. */
type Luck = (index: number) => boolean;

/**
 * What is on a disk and what is only in the memory of the operating system, as its files are written and synced.
 *
 * No more is taken for granted than POSIX says: a sync of a file covers its bytes and its size, not its name; names
 * (creation, removal, renaming) are on the disk once the folder was synced. What is not synced is lost or kept one by
 * one, sectors of one write too, and later things may be kept where earlier ones are lost.
 */
export class Disk {
  readonly #names = new Map<string, Inode>();
  /** As the process sees them. */
  readonly #cachedNames = new Map<string, Inode>();
  readonly #byNumber = new Map<number, Inode>();
  #unsyncedNames: NameChange[] = [];
  #events = 0;

  /** @param files what is on the disk at first */
  constructor(files: Files) {
    for (const [name, bytes] of files) {
      const inode = new Inode(bytes);
      this.#names.set(name, inode);
      this.#cachedNames.set(name, inode);
    }
  }

  /** The next event. */
  apply(event: RecordedEvent): void {
    const index = this.#events;
    this.#events += 1;
    switch (event.kind) {
      case "opened":
        if (!this.#byNumber.has(event.file)) this.#byNumber.set(event.file, this.#named(event.name));
        break;
      case "created": {
        const inode = new Inode();
        this.#byNumber.set(event.file, inode);
        this.#rename(index, [[event.name, inode]]);
        break;
      }
      case "written":
        this.#numbered(event.file).change({ index, at: event.at, bytes: event.bytes });
        break;
      case "truncated":
        this.#numbered(event.file).change({ index, size: event.size });
        break;
      case "sync begun":
        break;
      case "sync ended":
        if (event.file === FOLDER) this.#syncNames(event.begun);
        else this.#numbered(event.file).sync(event.begun);
        break;
      case "unlinked":
        this.#rename(index, [[event.name, undefined]]);
        break;
      case "renamed":
        this.#rename(index, [
          [event.from, undefined],
          [event.to, this.#named(event.from)],
        ]);
    }
  }

  /** The files as the process sees them, all of them whole. */
  cached(): Files {
    return files(this.#cachedNames, () => true);
  }

  /**
   * What may be left when the power goes now. In half of the states each unsynced sector and name is kept with
   * probability ½; in the others the operating system had written back what is older than a random moment.
   */
  afterPowerLoss(random: Random): Files {
    const writtenBack = random() < 0.5 ? 0 : randomInt(random, this.#events + 1);
    const luck: Luck = (index) => index < writtenBack || random() < 0.5;
    const names = new Map(this.#names);
    for (const change of this.#unsyncedNames) if (luck(change.index)) setNames(names, change);
    return files(names, luck);
  }

  /** Whether anything of the files that are asked for would be at stake now. */
  hasUnsynced(isAsked: (name: string) => boolean): boolean {
    return (
      this.#unsyncedNames.some(({ names }) => names.some(([name]) => isAsked(name))) ||
      [...this.#cachedNames].some(([name, inode]) => isAsked(name) && inode.hasUnsynced)
    );
  }

  #rename(index: number, names: NameChange["names"]): void {
    const change = { index, names };
    this.#unsyncedNames.push(change);
    setNames(this.#cachedNames, change);
  }

  #syncNames(begun: number): void {
    const isCovered = ({ index }: NameChange) => index < begun;
    for (const change of this.#unsyncedNames) if (isCovered(change)) setNames(this.#names, change);
    this.#unsyncedNames = this.#unsyncedNames.filter((change) => !isCovered(change));
  }

  #named(name: string): Inode {
    return found(this.#cachedNames.get(name), `file ${name}`);
  }

  #numbered(file: number): Inode {
    return found(this.#byNumber.get(file), `file number ${file}`);
  }
}

function setNames(names: Map<string, Inode>, change: NameChange): void {
  for (const [name, inode] of change.names) {
    if (inode === undefined) names.delete(name);
    else names.set(name, inode);
  }
}

function files(names: ReadonlyMap<string, Inode>, luck: Luck): Files {
  return new Map([...names].map(([name, inode]) => [name, inode.content(luck)]));
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the recording speaks of ${what}, which it has not seen`);
  return value;
}

/** One file: what of it is on the disk, and what was done to it since. */
class Inode {
  #synced: Content;
  #unsynced: (Write | Cut)[] = [];

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#synced = new Content(bytes);
  }

  get hasUnsynced(): boolean {
    return this.#unsynced.length > 0;
  }

  change(change: Write | Cut): void {
    this.#unsynced.push(change);
  }

  sync(begun: number): void {
    const isCovered = ({ index }: Write | Cut) => index < begun;
    for (const change of this.#unsynced) if (isCovered(change)) apply(this.#synced, change, () => true);
    this.#unsynced = this.#unsynced.filter((change) => !isCovered(change));
  }

  content(luck: Luck): Buffer {
    const content = new Content(this.#synced.bytes);
    for (const change of this.#unsynced) apply(content, change, luck);
    return content.bytes;
  }
}

function apply(content: Content, change: Write | Cut, luck: Luck): void {
  const { index } = change;
  if ("size" in change) {
    if (luck(index)) content.resize(change.size);
    return;
  }
  const { at, bytes } = change;
  for (let from = 0; from < bytes.length; ) {
    const end = Math.min(bytes.length, from + SECTOR - ((at + from) % SECTOR));
    if (luck(index)) content.write(at + from, bytes.subarray(from, end));
    from = end;
  }
}

/** Bytes that grow; what is skipped is zero. */
class Content {
  #room: Buffer;
  #size: number;

  constructor(bytes: Buffer) {
    this.#room = Buffer.from(bytes);
    this.#size = bytes.length;
  }

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#size);
  }

  write(at: number, bytes: Buffer): void {
    if (at + bytes.length > this.#size) this.resize(at + bytes.length);
    bytes.copy(this.#room, at);
  }

  resize(size: number): void {
    if (size > this.#room.length) {
      const larger = Buffer.alloc(Math.max(size, this.#room.length * 2));
      this.#room.copy(larger, 0, 0, this.#size);
      this.#room = larger;
    } else if (size < this.#size) this.#room.fill(0, size, this.#size);
    this.#size = size;
  }
}
