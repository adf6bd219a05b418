import type { Filter } from "../model/filter.ts";
import { filterText } from "../model/filter-text.ts";
import type { Id } from "../model/id.ts";
import { NODE } from "../resident/change-log.ts";
import type { Catalog } from "../schema/catalog.ts";
import { definitionOf } from "../schema/definition.ts";
import type { Unit } from "../unit/unit.ts";
import type { ExtentStep, GivenStep, HopStep, Plan, Step } from "./plan.ts";

/**
 * What a query would do, as one line: `Room {name = "general"} -out Posted {at >= 5}-> Message, newest first, limit 5`.
 * Reads nothing.
 *
 * @param unit the unit it belongs to, which knows the nodes it begins with for as long as it is open
 */
export function queryText(plan: Plan, catalog: Catalog, unit: Unit | undefined): string {
  const { steps, output } = plan;
  let text = "";
  steps.forEach((step, at) => {
    const refined = refinements(step);
    text += step.kind === "hop" ? ` ${hopText(step, catalog)}` : originText(step, catalog, unit);
    if (refined === "") return;
    // What is said of a step in between is not said of the whole.
    text = at === steps.length - 1 ? text + refined : `(${text}${refined})`;
  });
  const isHop = steps[steps.length - 1]!.kind === "hop";
  return isHop && output !== "nodes" ? `${output} of ${text}` : text;
}

function originText(step: ExtentStep | GivenStep, catalog: Catalog, unit: Unit | undefined): string {
  if (step.kind === "extent") {
    const but = step.except === undefined ? "" : ` but ${step.except}`;
    return catalog.definition(step.type).name + but + braced(step.nodeFilter ?? step.edgeFilter);
  }
  return givenText(step, catalog, unit) + braced(step.nodeFilter);
}

function givenText({ ids, slots }: GivenStep, catalog: Catalog, unit: Unit | undefined): string {
  // Outside of units queries begin at roots alone.
  if (slots === undefined) return ids.map((id) => named("Root", id)).join(" and ");
  if (slots.length !== 1) return `${slots.length} nodes`;
  if (unit === undefined || unit.isClosed) return "node";
  const nodes = unit.table(NODE);
  return named(catalog.definition(nodes.types[slots[0]!]!).name, nodes.idOf(slots[0]!));
}

function named(type: string, id: Id): string {
  return `${type} ${id}`;
}

function hopText(step: HopStep, catalog: Catalog): string {
  const { direction, edgeType, edgeFilter, nodeType, nodeFilter, depth } = step;
  const edge = edgeType === 0 ? "" : ` ${catalog.definition(edgeType).name}`;
  const far = nodeType === 0 ? farType(step, catalog) : catalog.definition(nodeType).name;
  const along = `${direction}${edge}${braced(edgeFilter)}${depthText(depth)}`;
  const arrow = direction === "out" ? `-${along}->` : direction === "in" ? `<-${along}-` : `-${along}-`;
  return `${arrow} ${far}${braced(nodeFilter)}`;
}

/** Where the edge type leads as it is declared. */
function farType({ edgeType, direction }: HopStep, catalog: Catalog): string {
  const definition = edgeType === 0 ? undefined : catalog.definition(edgeType);
  if (definition === undefined || definition.undirected || direction === "both") return "any node";
  const end = direction === "out" ? definition.ends?.target() : definition.ends?.source();
  return (end === undefined ? undefined : definitionOf(end)?.name) ?? "any node";
}

function depthText(depth: HopStep["depth"]): string {
  if (depth === undefined) return "";
  const [min, max] = depth;
  if (min === max) return `, depth ${min}`;
  return max === Number.POSITIVE_INFINITY ? `, depth ${min} or more` : `, depth ${min} to ${max}`;
}

function braced(filter: Filter | undefined): string {
  return filter === undefined ? "" : ` {${filterText(filter)}}`;
}

/** In which order, from where and how many. */
function refinements({ order, reverse, limit, after }: Step): string {
  let text = "";
  if (order !== undefined) text += `, by ${order.field}${order.descending !== reverse ? " descending" : ""}`;
  else if (reverse) text += ", newest first";
  if (after !== undefined) text += ", after a cursor";
  if (limit !== undefined) text += `, limit ${limit}`;
  return text;
}
