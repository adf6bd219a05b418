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

/**
 * Nodes and edges as GEXF 1.2, which Gephi, networkx and sigma read, in pieces of text: as `exportGraphML`, and nodes
 * have labels. Edges have the weight that a field `weight` of theirs says, where that is a number in all of them.
 *
 * @throws {TypeError} {ValidationError} for sources and options that are none; as `exportJsonl`
 */
export function exportGexf(
  source: RecordSource,
  options: XmlOptions = {},
): AsyncGenerator<string, void, undefined> {
  const given = readXmlOptions("exportGexf", options);
  return withRecords("exportGexf", source, given, (records) => gexf(records, given));
}

async function* gexf(records: PlainRecords, options: XmlOptions): AsyncGenerator<string> {
  const found = await survey(records, options);
  const pieces = new Pieces();
  const type = found.isDirected ? "directed" : "undirected";
  yield `${xmlDeclaration}<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">\n` +
    `<graph mode="static" defaultedgetype="${type}">\n${declared("node", found)}${declared("edge", found)}<nodes>\n`;
  for await (const node of records.nodes()) {
    const label = escaped(labelOf(node, options.label));
    const piece = pieces.add(`<node id="${node.id}" label="${label}">${values(node, found.node)}</node>\n`);
    if (piece !== undefined) yield piece;
  }
  yield `${pieces.take()}</nodes>\n<edges>\n`;
  for await (const edge of records.edges()) {
    const piece = pieces.add(edgeText(edge, found));
    if (piece !== undefined) yield piece;
  }
  yield `${pieces.take()}</edges>\n</graph>\n</gexf>\n`;
}

function edgeText(edge: PlainEdge, { edge: attributes, isMixed }: Survey): string {
  const { id, source, target, isUndirected, fields } = edge;
  const type = isMixed ? ` type="${isUndirected ? "undirected" : "directed"}"` : "";
  const isWeighted = isNumber(attributes.get("weight")) && fields.weight != null;
  const weight = isWeighted ? ` weight="${String(fields.weight)}"` : "";
  return `<edge id="${id}" source="${source}" target="${target}"${type}${weight}>${values(edge, attributes)}</edge>\n`;
}

function isNumber(attribute: Attribute | undefined): boolean {
  return attribute !== undefined && !["string", "boolean"].includes(attribute.type);
}

function declared(kind: "node" | "edge", found: Survey): string {
  let text = `<attributes class="${kind}">\n`;
  for (const attribute of found[kind].values()) {
    const { key, name, type } = attribute;
    if (!isWeight(kind, attribute))
      text += `<attribute id="${key}" title="${escaped(name)}" type="${type === "int" ? "integer" : type}"/>\n`;
  }
  return `${text}</attributes>\n`;
}

/** The weight of an edge is an attribute of GEXF's own. */
function isWeight(kind: "node" | "edge", attribute: Attribute): boolean {
  return kind === "edge" && attribute.name === "weight" && isNumber(attribute);
}

function values(record: PlainRecord, attributes: ReadonlyMap<string, Attribute>): string {
  const kind = "source" in record ? "edge" : "node";
  const texts = valuesOf(record, attributes)
    .filter(([attribute]) => !isWeight(kind, attribute))
    .map(([{ key }, text]) => `<attvalue for="${key}" value="${escaped(text)}"/>`);
  return `<attvalues>${texts.join("")}</attvalues>`;
}
