import { type FileReport, inspectFile } from "@rootwalk/persist-sqlite/tools";
import { bytesText, grouped, print, safe, table } from "../output.ts";
import { FOUND, OK } from "../status.ts";

export interface InspectOptions {
  readonly quick: boolean;
  readonly json: boolean;
}

export async function inspect(file: string, { quick, json }: InspectOptions): Promise<number> {
  const report = await inspectFile(file, { records: !quick });
  if (json) print(JSON.stringify(report, null, 2));
  else for (const line of lines(report)) print(line);
  return (report.unreadableCount ?? 0) > 0 ? FOUND : OK;
}

function lines(report: FileReport): string[] {
  const { types, indexes, tables, unreadable, unreadableCount = 0, tombstones = 0 } = report;
  const isCounted = types.some(({ count }) => count !== undefined);
  return [
    `${safe(report.path)}: rootwalk graph, format ${report.format}`,
    `${bytesText(report.fileBytes)} in ${grouped(report.pages)} pages of ${grouped(report.pageBytes)}, ` +
      `${grouped(report.freePages)} of them free; write-ahead log ${bytesText(report.logBytes)}`,
    `commit ${grouped(report.commit)} of incarnation ${report.incarnation}`,
    ...(tombstones > 0 ? [`${grouped(tombstones)} deleted nodes are still to be removed`] : []),
    "",
    ...table(
      ["type", "kind", "extends", ...(isCounted ? ["count", "data"] : []), "fields"],
      types.map((type) => [
        type.name,
        type.undirected ? "undirected edge" : type.kind,
        type.parent ?? "",
        ...(isCounted ? [grouped(type.count ?? 0), bytesText(type.bytes ?? 0)] : []),
        type.fields.map(({ name, required }) => (required ? name : `${name}?`)).join(" "),
      ]),
    ),
    ...(isCounted ? ["data: fields and access records as stored, without what each row adds"] : []),
    ...section(
      ["index", "", "entries", "state"],
      indexes.map((index) => [
        index.name,
        index.unique ? "unique" : "",
        index.entries === undefined ? "" : grouped(index.entries),
        index.state === "building"
          ? `being built: up to node ${grouped(index.built ?? 0)} of ${grouped(index.total ?? 0)}`
          : "complete",
      ]),
    ),
    ...section(
      ["in the file", "bytes"],
      (tables ?? []).map(({ name, bytes }) => [name, bytesText(bytes)]),
    ),
    ...(isCounted && tables === undefined
      ? ["", "what SQLite's tables take is not known: this SQLite library has no dbstat"]
      : []),
    ...section(
      [`unreadable (${grouped(unreadableCount)})`, "id", "reason"],
      (unreadable ?? []).map(({ type, id, reason }) => [type, id, safe(reason)]),
    ),
  ];
}

function section(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ["", ...table(head, rows)];
}
