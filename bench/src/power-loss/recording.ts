/** What the recorded process did to its files, in the order in which it took effect. */
export type RecordedEvent =
  | { readonly kind: "opened" | "created"; readonly file: number; readonly name: string }
  | { readonly kind: "written"; readonly file: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "truncated"; readonly file: number; readonly size: number }
  /** A sync was asked for; what was done before is on the disk once it has ended. */
  | { readonly kind: "sync begun"; readonly file: number }
  /** `begun` is the position of the event in which it began. */
  | { readonly kind: "sync ended"; readonly file: number; readonly begun: number }
  | { readonly kind: "unlinked"; readonly name: string }
  | { readonly kind: "renamed"; readonly from: string; readonly to: string };

/** The number under which the folder itself is synced. */
export const FOLDER = 0;

const HEADER_BYTES = 24;

/**
 * Reads what recorder.c has entered.
 *
 * @throws {Error} for a log that is cut off, and where the process changed files in a way that is not followed
 */
export function readRecording(log: Buffer): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (let from = 0; from < log.length; ) {
    if (log.length - from < HEADER_BYTES) throw new Error("the recording is cut off");
    const kind = log.readUInt32LE(from);
    const file = log.readUInt32LE(from + 4);
    const at = Number(log.readBigUInt64LE(from + 8));
    const end = from + HEADER_BYTES + Number(log.readBigUInt64LE(from + 16));
    if (end > log.length) throw new Error("the recording is cut off");
    events.push(eventOf(kind, file, at, log.subarray(from + HEADER_BYTES, end)));
    from = end;
  }
  return events;
}

function eventOf(kind: number, file: number, at: number, bytes: Buffer): RecordedEvent {
  switch (kind) {
    case 1:
      return { kind: "opened", file, name: bytes.toString() };
    case 2:
      return { kind: "created", file, name: bytes.toString() };
    case 3:
      return { kind: "written", file, at, bytes };
    case 4:
      return { kind: "truncated", file, size: at };
    case 5:
      return { kind: "sync begun", file };
    case 6:
      return { kind: "sync ended", file, begun: at };
    case 7:
      return { kind: "unlinked", name: bytes.toString() };
    case 8: {
      const [from = "", to = ""] = bytes.toString().split("/");
      return { kind: "renamed", from, to };
    }
    case 9:
      throw new Error(`the process changed files in a way that is not recorded: ${bytes.toString()}`);
    default:
      throw new Error(`the recording has an entry of the unknown kind ${kind}`);
  }
}
