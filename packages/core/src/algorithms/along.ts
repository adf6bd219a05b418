import { describeKind } from "../model/value-kind.ts";
import { type HopStep, invalidQuery, NodeStep, Plan, type Step } from "../query/plan.ts";
import { hopStep, Query, type QueryContext } from "../query/query.ts";
import type { Catalog } from "../schema/catalog.ts";
import { isThenable } from "../util/maybe-async.ts";
import { youngPair } from "../util/young-array.ts";

/** Of hops that say where paths may go, and are not run by themselves. */
class AlongContext implements QueryContext {
  readonly catalog: Catalog;
  readonly unit: undefined = undefined;

  constructor(catalog: Catalog) {
    this.catalog = catalog;
  }

  within(): never {
    throw invalidQuery("along says which edges paths may follow, and is not run by itself");
  }
}

/** In the place of each node, for the functions that say which edges to follow from it. */
class AlongStart {
  readonly #context: AlongContext;
  readonly #origin: Step;

  constructor(catalog: Catalog, origin: Step) {
    this.#context = new AlongContext(catalog);
    this.#origin = origin;
  }

  out(type?: unknown, filter?: unknown, options?: unknown): Query {
    return this.#hop("out", type, filter, options);
  }

  in(type?: unknown, filter?: unknown, options?: unknown): Query {
    return this.#hop("in", type, filter, options);
  }

  both(type?: unknown, filter?: unknown, options?: unknown): Query {
    return this.#hop("both", type, filter, options);
  }

  #hop(direction: "out" | "in" | "both", type: unknown, filter: unknown, options: unknown): Query {
    const step = hopStep(this.#context.catalog, direction, type, filter, options);
    return new Query(this.#context, new Plan(youngPair<Step>(this.#origin, step), "nodes"));
  }
}

/**
 * The hops that `along` says.
 * @throws {TypeError} {ValidationError} `RW_QUERY_INVALID` for what it says otherwise, and what it throws
 */
export function readAlong(catalog: Catalog, along: unknown): readonly HopStep[] {
  const given: readonly unknown[] = Array.isArray(along) ? along : [along];
  if (given.length === 0) throw invalidQuery("along names no hop: a path needs edges that it may follow");
  return given.map((each) => readOne(catalog, each));
}

function readOne(catalog: Catalog, along: unknown): HopStep {
  const form = "(node) => node.out(Type)";
  if (typeof along !== "function")
    throw new TypeError(`along takes a function such as ${form}, or several, got ${describeKind(along)}`);
  const origin = new NodeStep(-1);
  const query: unknown = along(new AlongStart(catalog, origin));
  if (isThenable(query)) {
    query.then(undefined, () => {});
    throw invalidQuery("along says which edges paths may follow, and is not run by itself");
  }
  if (!(query instanceof Query) || query.plan.steps[0] !== origin)
    throw new TypeError(`along gives a hop from the node that it is called with, such as ${form}`);
  const { steps, output } = query.plan;
  const step = steps[1] as HopStep;
  if (steps.length > 2)
    throw invalidQuery(
      "along gives one hop; where paths may follow several kinds of edges, give a list of them",
    );
  if (step.depth !== undefined)
    throw invalidQuery("a hop of along is one edge, and takes no depth: use maxDepth");
  if (output !== "nodes") throw invalidQuery("along gives the hop itself, without edges() or pairs()");
  if (step.order !== undefined || step.limit !== undefined || step.after !== undefined || step.reverse)
    throw invalidQuery("along says which edges may be followed: it takes no order, limit or cursor");
  return step;
}
