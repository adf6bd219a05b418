import { labelText } from "../diagram/label.ts";
import { ValidationError } from "../errors.ts";
import { readOptions } from "../model/options.ts";
import { toPlainJson } from "../model/plain-json.ts";
import type { PlainEdge, PlainRecord, PlainRecords, SelectionOptions } from "./plain-records.ts";

// What GraphML and GEXF have in common: values as text, attributes with one type each, and XML itself.

/** Options of `exportGraphML` and `exportGexf`. */
export interface XmlOptions extends SelectionOptions {
  /** The field that nodes are labelled by; type and the last digits of the id where a node has none. */
  readonly label?: string;
  /**
   * What a graph with directed and undirected edges is written as. `"directed"`, where nothing is said, makes every edge
   * directed and marks the others with `$undirected`: networkx reads no graph that has both. `"mixed"` says of each edge
   * what it is, which Gephi reads.
   */
  readonly edges?: "directed" | "mixed";
}

/** The type of an attribute; one that all its values have. */
export type AttributeType = "boolean" | "int" | "long" | "double" | "string";

export interface Attribute {
  /** Unlike every other one's. */
  readonly key: string;
  readonly name: string;
  readonly type: AttributeType;
}

/** What must be known before the first record is written. */
export interface Survey {
  readonly node: ReadonlyMap<string, Attribute>;
  readonly edge: ReadonlyMap<string, Attribute>;
  readonly isDirected: boolean;
  /** Whether each edge says of itself which it is. */
  readonly isMixed: boolean;
}

export const typeName = "$type";
export const undirectedName = "$undirected";

export function readXmlOptions(what: string, options: unknown): XmlOptions {
  const given: XmlOptions = readOptions(what, options, ["types", "label", "edges"]);
  const { label, edges } = given;
  if (label !== undefined && typeof label !== "string")
    throw new TypeError(`${what}: label is the name of a field`);
  if (edges !== undefined && edges !== "directed" && edges !== "mixed")
    throw invalid(what, 'edges is "directed" or "mixed"');
  return given;
}

function invalid(what: string, message: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message: `${what}: ${message}` });
}

/** Goes over all records once, for their attributes. */
export async function survey(records: PlainRecords, { edges = "directed" }: XmlOptions): Promise<Survey> {
  const node = new Map<string, AttributeType>([[typeName, "string"]]);
  const edge = new Map<string, AttributeType>([[typeName, "string"]]);
  for await (const record of records.nodes()) note(node, record);
  let directed = 0;
  let undirected = 0;
  for await (const record of records.edges()) {
    note(edge, record);
    if (record.isUndirected) undirected += 1;
    else directed += 1;
  }
  const hasBoth = directed > 0 && undirected > 0;
  if (hasBoth && edges === "directed") edge.set(undirectedName, "boolean");
  return {
    node: keyed("n", node),
    edge: keyed("e", edge),
    isDirected: directed > 0 || undirected === 0,
    isMixed: hasBoth && edges === "mixed",
  };
}

function note(types: Map<string, AttributeType>, { fields }: PlainRecord): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue;
    const before = types.get(name);
    const type = typeOf(value);
    if (before !== type) types.set(name, before === undefined ? type : common(before, type));
  }
}

function typeOf(value: unknown): AttributeType {
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "bigint":
      return "long";
    case "number":
      if (!Number.isSafeInteger(value)) return "double";
      return value === (value | 0) ? "int" : "long";
    default:
      return "string";
  }
}

const numbers: readonly AttributeType[] = ["int", "long", "double"];

/** A type that holds values of both; no number of either may change by it. */
function common(left: AttributeType, right: AttributeType): AttributeType {
  const both = [left, right];
  if (!both.every((type) => numbers.includes(type))) return "string";
  // Not every long is a double.
  if (both.includes("double")) return both.includes("long") ? "string" : "double";
  return "long";
}

function keyed(prefix: string, types: ReadonlyMap<string, AttributeType>): Map<string, Attribute> {
  return new Map(
    Array.from(types, ([name, type], i) => [name, { key: `${prefix}${i}`, name, type }] as const),
  );
}

/** The attributes that a record has, with their texts. */
export function valuesOf(
  record: PlainRecord | PlainEdge,
  attributes: ReadonlyMap<string, Attribute>,
): [Attribute, string][] {
  const values: [Attribute, string][] = [[attributes.get(typeName)!, record.type]];
  const mark = attributes.get(undirectedName);
  if (mark !== undefined && (record as PlainEdge).isUndirected) values.push([mark, "true"]);
  for (const [name, value] of Object.entries(record.fields))
    if (value !== null) values.push([attributes.get(name)!, textOf(value)]);
  return values;
}

/** Text as it is, a Date in ISO form, bytes in base64, what is nested as JSON. */
function textOf(value: unknown): string {
  const json = toPlainJson(value);
  if (json instanceof Date) return json.toISOString();
  return typeof json === "object" ? JSON.stringify(json) : String(json);
}

export function labelOf(record: PlainRecord, field: string | undefined): string {
  const value = field === undefined ? undefined : record.fields[field];
  const label = value === undefined || value === null ? "" : labelText(value);
  return label || `${record.type} ${record.id.slice(-8)}`;
}

// XML 1.0 has no way to say these; U+FFFD stands for what a form cannot hold.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that XML lacks
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const special = /[&<>"\t\n\r\u0085\u2028]/g;
const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text between tags or in an attribute, such that a reader has the same: blanks and line ends too. */
export function escaped(text: string): string {
  return text
    .replace(illegal, "\ufffd")
    .replace(special, (character) => named[character] ?? `&#${character.charCodeAt(0)};`);
}

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Pieces of some 64 KiB. */
export class Pieces {
  #text = "";

  add(text: string): string | undefined {
    this.#text += text;
    return this.#text.length < 64 * 1024 ? undefined : this.take();
  }

  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }
}
