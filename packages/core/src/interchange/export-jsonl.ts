import type { Session } from "../types/session.ts";
import { headerLine, latestShapes, recordLine } from "./jsonl-format.ts";
import { Moment } from "./moment.ts";

/** Length from which lines are handed on. */
const pieceLength = 64 * 1024;

/**
 * All that the session's principal may see, as lines of JSON (docs/export-format.md) in pieces of some 64 KiB, each of
 * whole lines. It is of one moment, that of the first piece, whatever is committed meanwhile; the same graph gives the
 * same text. As the system root, that is from the graph itself, it is everything, and `importJsonl` makes the same graph
 * of it. As a user, it is what that user may read: of each record the fields that the code declares, as it reads them.
 *
 * ```ts
 * await writeFile("chat.jsonl", exportJsonl(graph));
 * ```
 *
 * @throws {TypeError} for anything but a session; {ConflictError} over a store without `snapshot()`, when others commit
 * meanwhile; as reads do
 */
export function exportJsonl(session: Session): AsyncGenerator<string, void, undefined> {
  return Moment.during("exportJsonl", session, inPieces);
}

async function* inPieces(moment: Moment): AsyncGenerator<string> {
  const { isWhole } = moment;
  let piece = headerLine(isWhole ? moment.catalog : moment.declaredCatalog);
  const latest = latestShapes(moment.catalog);
  for (const kind of ["nodes", "edges"] as const) {
    for await (const { rows, seen } of moment[kind]()) {
      for (const i of seen) {
        piece += isWhole
          ? recordLine(rows, i, latest)
          : recordLine(rows, i, undefined, moment.declaredFields(rows, i));
        if (piece.length < pieceLength) continue;
        yield piece;
        piece = "";
      }
    }
  }
  if (piece !== "") yield piece;
}
