import { type Id, idBefore } from "../model/id.ts";
import type { RowView } from "../persistence/row-view.ts";
import type { Suspect } from "./finding.ts";
import { type Direction, FEW, type Look, type NeighborView, type Stretch } from "./look.ts";

/** Edges of each neighbourhood that are read at once. */
const PAGE = 64;
const LONG_PAGE = 1_024;

const directions = ["out", "in"] as const;

/** Every node of a scan is found by its id, and what stands in its neighbourhoods is what the edges say. */
export class NodePass {
  readonly #undirected: ReadonlySet<string>;
  readonly #pause: () => Promise<void>;

  /** @param pause lets the event loop turn, in the midst of a long neighbourhood */
  constructor(undirected: ReadonlySet<string>, pause: () => Promise<void>) {
    this.#undirected = undirected;
    this.#pause = pause;
  }

  async suspects(look: Look, views: readonly RowView[]): Promise<Suspect[]> {
    const ids = views.map(({ id }) => id);
    const suspects = await unlisted(look, "node", views);
    for (const direction of directions) {
      let open: readonly { id: Id; after: Id | undefined }[] = ids.map((id) => ({ id, after: undefined }));
      while (open.length > 0) {
        // Pages after the first are of few, long neighbourhoods, which have places of their own.
        const isFirst = open[0]!.after === undefined;
        const asked = isFirst ? open : open.slice(0, 1);
        const { after } = asked[0]!;
        const limit = isFirst ? PAGE : LONG_PAGE;
        const nodes = asked.map(({ id }) => id);
        const stretches = await look.around(nodes, { direction, after, limit });
        suspects.push(...(await this.#strangers(look, nodes, direction, after, limit, stretches)));
        const longer = asked.flatMap(({ id }, i) => {
          const { edges, more } = stretches[i]!;
          const last = edges.reduce<Id | undefined>((most, { edge }) => max(most, edge), after);
          // A store that stands still is not followed any further.
          return more && last !== undefined && (after === undefined || last > after)
            ? [{ id, after: last }]
            : [];
        });
        open = isFirst ? longer : [...longer, ...open.slice(1)];
        if (!isFirst) await this.#pause();
      }
    }
    return suspects;
  }

  /** Edges of neighbourhoods that are not what their own records say, and neighbourhoods that are out of order. */
  async #strangers(
    look: Look,
    nodes: readonly Id[],
    direction: Direction,
    after: Id | undefined,
    limit: number,
    stretches: readonly Stretch[],
  ): Promise<Suspect[]> {
    const suspects: Suspect[] = [];
    const wanted = new Set(stretches.flatMap(({ edges }) => edges.map(({ edge }) => edge)));
    const edges = await look.edges([...wanted]);
    for (const [i, node] of nodes.entries()) {
      let before = after;
      for (const neighbor of stretches[i]!.edges) {
        if (before !== undefined && neighbor.edge <= before)
          suspects.push(this.#disorder(node, direction, after, limit, neighbor));
        before = max(before, neighbor.edge);
        if (this.#strangeness(node, direction, neighbor, edges.get(neighbor.edge)) !== undefined)
          suspects.push(this.#stranger(node, direction, neighbor));
      }
    }
    return suspects;
  }

  /** What is wrong about an edge that stands in a neighbourhood. */
  #strangeness(
    node: Id,
    direction: Direction,
    { forward, far, type }: NeighborView,
    edge: RowView | undefined,
  ): string | undefined {
    if (edge === undefined) return "which is not found by its id";
    const { source, target } = edge;
    if (edge.type !== type) return `as a ${type}, and is a ${edge.type} by its id`;
    const isHere = forward ? source === node : target === node;
    if (!isHere || (forward ? target : source) !== far)
      return `as one ${forward ? "to" : "from"} ${far}, and by its id leads from ${source} to ${target}`;
    const mayBe = this.#undirected.has(type) || source === target || forward === (direction === "out");
    return mayBe ? undefined : `though it leads ${forward ? "out of" : "into"} it`;
  }

  #stranger(node: Id, direction: Direction, { edge, type }: NeighborView): Suspect {
    return {
      kind: "adjacency",
      record: "edge",
      id: edge,
      type,
      part: `${direction} ${node}`,
      look: async (look) => {
        const now = await look.atPlaceOf(edge, node, direction);
        if (now === undefined) return undefined;
        const wrong = this.#strangeness(node, direction, now, await look.record("edge", edge));
        if (wrong === undefined) return undefined;
        return {
          message: `it stands among the edges ${sideOf(direction)} ${node}, ${wrong}`,
          others: [node],
        };
      },
    };
  }

  #disorder(
    node: Id,
    direction: Direction,
    after: Id | undefined,
    limit: number,
    { edge, type }: NeighborView,
  ): Suspect {
    return {
      kind: "adjacency",
      record: "edge",
      id: edge,
      type,
      part: `order ${direction} ${node}`,
      look: async (look) => {
        const [stretch] = await look.around([node], { direction, after, limit });
        let before = after;
        for (const { edge: at } of stretch?.edges ?? []) {
          if (at === edge && before !== undefined && at <= before)
            return {
              message: `it stands out of order, or twice, among the edges ${sideOf(direction)} ${node}`,
              others: [node],
            };
          before = max(before, at);
        }
        return undefined;
      },
    };
  }
}

/** Records of a scan that are not found by their ids. */
export async function unlisted(
  look: Look,
  kind: "node" | "edge",
  views: readonly RowView[],
): Promise<Suspect[]> {
  const ids = views.map(({ id }) => id);
  const found = await (kind === "node" ? look.nodes(ids) : look.edges(ids));
  return views
    .filter(({ id, type }) => found.get(id)?.type !== type)
    .map(({ id, type }) => ({
      kind: "index" as const,
      record: kind,
      id,
      type,
      look: async (again: Look) => {
        const { views: page } = await again.scan(kind, type, idBefore(id), FEW);
        const now = await again.record(kind, id);
        if (!page.some((view) => view.id === id) || now?.type === type) return undefined;
        const what = now === undefined ? "is not found by its id" : `is a ${now.type} by its id`;
        return { message: `it is among the records of ${type}, and ${what}` };
      },
    }));
}

export function sideOf(direction: Direction): string {
  return direction === "out" ? "out of" : "into";
}

function max(left: Id | undefined, right: Id): Id {
  return left === undefined || right > left ? right : left;
}
