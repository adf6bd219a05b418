import type { AccessRecord } from "../model/access-record.ts";
import { type JsonValue, toTaggedJson } from "../model/tagged-json.ts";
import { EdgeRows, type FieldData, type NodeRows, RowDamage } from "../persistence/rows.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";

// docs/export-format.md describes the lines. `exportFile` of persist-sqlite writes the same ones from a file's own
// texts; a test holds the two together.

/** The version of the form that `exportJsonl` writes. */
export const formatVersion = 1;

export function headerLine({ types, indexes }: CatalogDescription): string {
  return `${JSON.stringify({ export: "rootwalk", version: formatVersion, types, indexes })}\n`;
}

/** The latest shape of each type: what a line that says nothing else was written under. */
export function latestShapes({ types }: CatalogDescription): Map<string, number> {
  return new Map(types.map(({ name, shapes }) => [name, shapes.at(-1)?.version ?? 0]));
}

/**
 * The line of row `i`.
 *
 * @param latest `undefined` where the fields are those of the shape that the first line describes
 */
export function recordLine(
  rows: NodeRows,
  i: number,
  latest: ReadonlyMap<string, number> | undefined,
  fields: FieldData | RowDamage = rows.fields[i]!,
): string {
  const type = rows.types[i]!;
  let line =
    rows instanceof EdgeRows
      ? `{"edge":"${rows.ids.at(i)}","source":"${rows.sources.at(i)}","target":"${rows.targets.at(i)}",`
      : `{"node":"${rows.ids.at(i)}",`;
  line += `"type":${JSON.stringify(type)},"owner":"${rows.owners.at(i)}","access":${accessText(rows.access[i]!)},`;
  const shape = rows.shapes[i]!;
  if (latest !== undefined && shape !== latest.get(type)) line += `"shape":${shape},`;
  if (!(fields instanceof RowDamage)) return `${line}"fields":${fieldsText(fields)}}\n`;
  line += `"unreadable":${JSON.stringify(fields.reason)}`;
  return fields.stored === undefined ? `${line}}\n` : `${line},"stored":${JSON.stringify(fields.stored)}}\n`;
}

function accessText({ all, roots }: AccessRecord): string {
  if (roots.size === 0) return `{"all":"${all}"}`;
  return JSON.stringify({ all, roots: Object.fromEntries(roots) });
}

/** Each value by itself: a record's own names are no tags. */
function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  const json: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) json[name] = toTaggedJson(value);
  return JSON.stringify(json);
}
