import {
  type PlainEdge,
  type PlainRecord,
  type PlainRecords,
  type RecordSource,
  withRecords,
} from "./plain-records.ts";
import {
  type Attribute,
  escaped,
  labelOf,
  Pieces,
  readXmlOptions,
  type Survey,
  survey,
  valuesOf,
  type XmlOptions,
  xmlDeclaration,
} from "./xml.ts";

const opening =
  '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
  'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n';

/**
 * Nodes and edges as GraphML, which Gephi, networkx, yEd, igraph and others read, in pieces of text. A field is an
 * attribute: boolean, int, long or double where all its values are, else a string: Dates in ISO form, bytes in base64,
 * what is nested as JSON. The record's type is the attribute `$type`, and with the option `label` a node has `label`.
 *
 * What XML cannot say, control characters, becomes U+FFFD: to get a graph back use `exportJsonl`.
 *
 * @throws {TypeError} {ValidationError} for sources and options that are none; as `exportJsonl`
 */
export function exportGraphML(
  source: RecordSource,
  options: XmlOptions = {},
): AsyncGenerator<string, void, undefined> {
  const given = readXmlOptions("exportGraphML", options);
  return withRecords("exportGraphML", source, given, (records) => graphml(records, given));
}

async function* graphml(records: PlainRecords, options: XmlOptions): AsyncGenerator<string> {
  const found = await survey(records, options);
  const pieces = new Pieces();
  const hasLabel = options.label !== undefined && !found.node.has("label");
  let head = xmlDeclaration + opening;
  if (hasLabel) head += keyText({ key: "label", name: "label", type: "string" }, "node");
  for (const kind of ["node", "edge"] as const)
    for (const attribute of found[kind].values()) head += keyText(attribute, kind);
  yield `${head}<graph edgedefault="${found.isDirected ? "directed" : "undirected"}">\n`;
  for await (const node of records.nodes()) {
    const label = hasLabel ? `<data key="label">${escaped(labelOf(node, options.label))}</data>` : "";
    const piece = pieces.add(`<node id="${node.id}">${label}${dataText(node, found.node)}</node>\n`);
    if (piece !== undefined) yield piece;
  }
  for await (const edge of records.edges()) {
    const piece = pieces.add(edgeText(edge, found));
    if (piece !== undefined) yield piece;
  }
  yield `${pieces.take()}</graph>\n</graphml>\n`;
}

function edgeText(edge: PlainEdge, { edge: attributes, isMixed }: Survey): string {
  const { id, source, target, isUndirected } = edge;
  const directed = isMixed ? ` directed="${!isUndirected}"` : "";
  return `<edge id="${id}" source="${source}" target="${target}"${directed}>${dataText(edge, attributes)}</edge>\n`;
}

function keyText({ key, name, type }: Attribute, kind: "node" | "edge"): string {
  return `<key id="${key}" for="${kind}" attr.name="${escaped(name)}" attr.type="${type}"/>\n`;
}

function dataText(record: PlainRecord, attributes: ReadonlyMap<string, Attribute>): string {
  return valuesOf(record, attributes)
    .map(([{ key }, text]) => `<data key="${key}">${escaped(text)}</data>`)
    .join("");
}
