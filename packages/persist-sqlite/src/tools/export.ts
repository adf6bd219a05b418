import type { CatalogDescription } from "@rootwalk/core/store";
import { lookAt, type ToolOptions } from "./open-tool.ts";
import { isUnreadable, type StoredRecord, storedEdges, storedNodes } from "./stored-records.ts";

/** The version of the form that `exportFile` writes. */
export const exportVersion = 1;

/** How much `exportFile` has written. */
export interface ExportReport {
  readonly nodes: number;
  readonly edges: number;
  /** Records whose fields cannot be read: their lines say why, and have the stored text. */
  readonly unreadable: number;
  /** Records that are not in the export because their type, owner or an end is not there; `checkFile` names them. */
  readonly left: number;
}

/**
 * Writes all records as lines of JSON, as they are at one moment: types first, then nodes, then edges, each in the order
 * of their ids. docs/export-format.md describes the lines. Access control does not apply: whoever has the file has all.
 *
 * @param write is given one line or several, each with its end; it must have taken them when it returns
 * @throws {GraphError} as a store that is opened for reading only; what `write` throws
 */
export function exportFile(
  path: string,
  write: (lines: string) => void,
  options: ToolOptions = {},
): Promise<ExportReport> {
  return lookAt(path, options, "exporting it", (file, connection) => {
    const counts = { nodes: 0, edges: 0, unreadable: 0, left: 0 };
    const lines = new Lines(write);
    lines.add(headerLine(file.catalog.description));
    for (const node of storedNodes(file, connection)) {
      if (node.type === undefined || node.owner === undefined) {
        counts.left += 1;
        continue;
      }
      counts.nodes += 1;
      if (isUnreadable(node)) counts.unreadable += 1;
      lines.add(`{"node":"${node.id}",${common(node, '{"all":"none"}')}}`);
    }
    for (const edge of storedEdges(file, connection)) {
      const { type, owner, source, target } = edge;
      if (
        type === undefined ||
        owner === undefined ||
        source === undefined ||
        target === undefined ||
        edge.isLost
      ) {
        counts.left += 1;
        continue;
      }
      counts.edges += 1;
      if (isUnreadable(edge)) counts.unreadable += 1;
      lines.add(
        `{"edge":"${edge.id}","source":"${source}","target":"${target}",${common(edge, '{"all":"read"}')}}`,
      );
    }
    lines.end();
    return counts;
  });
}

function headerLine({ types, indexes }: CatalogDescription): string {
  return JSON.stringify({ export: "rootwalk", version: exportVersion, types, indexes });
}

/** What follows the id and ends of a record. Fields that can be read are the text that is stored, which is JSON. */
function common(record: StoredRecord, usualAccess: string): string {
  const type = JSON.stringify(record.type?.description.name);
  const latest = record.type?.description.shapes.at(-1)?.version ?? 0;
  const shape = record.shape === latest ? "" : `,"shape":${record.shape}`;
  const begin = `"type":${type},"owner":"${record.owner}","access":${accessText(record.access, usualAccess)}${shape}`;
  if (!isUnreadable(record)) return `${begin},"fields":${record.data ?? "{}"}`;
  return `${begin},"unreadable":${JSON.stringify(record.fields.reason)},"stored":${JSON.stringify(record.data)}`;
}

/** What cannot be read grants nothing. */
function accessText(text: string | null, usual: string): string {
  if (text === null) return usual;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return '{"all":"none"}';
  }
}

const piece = 64 * 1024;

/** Lines, handed on in pieces. */
class Lines {
  #text = "";
  readonly #write: (lines: string) => void;

  constructor(write: (lines: string) => void) {
    this.#write = write;
  }

  add(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length >= piece) this.end();
  }

  end(): void {
    if (this.#text !== "") this.#write(this.#text);
    this.#text = "";
  }
}
