import { type Id, idBefore } from "../model/id.ts";
import type { RowView } from "../persistence/row-view.ts";
import type { Suspect } from "./finding.ts";
import { BATCH, type Direction, FEW, type Look } from "./look.ts";
import { sideOf, unlisted } from "./node-pass.ts";
import { named } from "./record-pass.ts";

/** One end of an edge, and a neighbourhood in which it must stand. */
interface Place {
  readonly edge: RowView;
  readonly node: Id;
  readonly direction: Direction;
}

/** Every edge of a scan is found by its id, both its ends are there, and it stands in the neighbourhoods of both. */
export class EdgePass {
  readonly #undirected: ReadonlySet<string>;

  constructor(undirected: ReadonlySet<string>) {
    this.#undirected = undirected;
  }

  /** @param views of one type, as a scan gave them */
  async suspects(look: Look, views: readonly RowView[]): Promise<Suspect[]> {
    const suspects = await unlisted(look, "edge", views);
    const ends = new Set(views.flatMap(({ source, target }) => [source as Id, target as Id]));
    const there = await look.nodes([...ends]);
    const whole: RowView[] = [];
    for (const edge of views) {
      if (there.has(edge.source!) && there.has(edge.target!)) whole.push(edge);
      else suspects.push(dangling(edge));
    }
    for (const direction of ["out", "in"] as const) {
      const places = whole.flatMap((edge) => this.#placesOf(edge, direction));
      suspects.push(...(await this.#missing(look, places, direction, views.length - whole.length)));
    }
    return suspects;
  }

  #placesOf(edge: RowView, direction: Direction): Place[] {
    const own = direction === "out" ? edge.source! : edge.target!;
    const place = { edge, node: own, direction };
    if (!this.#undirected.has(edge.type) || edge.source === edge.target) return [place];
    return [place, { ...place, node: direction === "out" ? edge.target! : edge.source! }];
  }

  /**
   * The edges of one type that a scan gave in a row are, of each node, the first ones of its neighbourhood from there on.
   * So neighbourhoods of the same size of stretch can be asked for together.
   */
  async #missing(
    look: Look,
    places: readonly Place[],
    direction: Direction,
    dangling: number,
  ): Promise<Suspect[]> {
    const byNode = new Map<Id, Place[]>();
    for (const place of places) {
      const known = byNode.get(place.node);
      if (known === undefined) byNode.set(place.node, [place]);
      else known.push(place);
    }
    const bySize = new Map<number, Place[][]>();
    for (const wanted of byNode.values()) {
      const size = 2 ** Math.ceil(Math.log2(wanted.length));
      const known = bySize.get(size);
      if (known === undefined) bySize.set(size, [wanted]);
      else known.push(wanted);
    }
    const suspects: Suspect[] = [];
    for (const [limit, groups] of bySize) {
      const first = groups
        .flat()
        .reduce<Id>((least, { edge }) => (edge.id < least ? edge.id : least), lastId);
      const { type } = groups[0]![0]!.edge;
      // Edges that dangle may stand among them.
      const room = limit + dangling + FEW;
      const request = { direction, edgeType: type, after: idBefore(first), limit: room };
      for (let from = 0; from < groups.length; from += BATCH) {
        const some = groups.slice(from, from + BATCH);
        const stretches = await look.around(
          some.map(([place]) => place!.node),
          request,
        );
        for (const [i, wanted] of some.entries()) {
          const found = new Set(stretches[i]!.edges.map(({ edge }) => edge));
          for (const place of wanted) if (!found.has(place.edge.id)) suspects.push(missing(place));
        }
      }
    }
    return suspects;
  }
}

const lastId: Id = "ffffffff-ffff-7fff-bfff-ffffffffffff";

function missing({ edge: { id, type }, node, direction }: Place): Suspect {
  return {
    kind: "adjacency",
    record: "edge",
    id,
    type,
    part: `${direction} ${node}`,
    look: async (look) => {
      const now = await look.record("edge", id);
      if (now === undefined) return undefined;
      const ends = await look.nodes([...new Set([now.source!, now.target!, node])]);
      if (!ends.has(now.source!) || !ends.has(now.target!) || !ends.has(node)) return undefined;
      if ((await look.atPlaceOf(id, node, direction, type)) !== undefined) return undefined;
      return { message: `it is missing among the edges ${sideOf(direction)} ${node}`, others: [node] };
    },
  };
}

function dangling({ id, type }: RowView): Suspect {
  return {
    kind: "dangling",
    record: "edge",
    id,
    type,
    look: async (look) => {
      const now = await look.record("edge", id);
      if (now === undefined) return undefined;
      const { source, target } = now as { source: Id; target: Id };
      const ends = await look.nodes([...new Set([source, target])]);
      const gone = [
        ...(ends.has(source) ? [] : [`its source${named(source)}`]),
        ...(ends.has(target) ? [] : [`its target${named(target)}`]),
      ];
      if (gone.length === 0) return undefined;
      return {
        message: `${gone.join(" and ")} ${gone.length === 1 ? "is" : "are"} not there`,
        others: [source, target].filter((end, i, all) => !ends.has(end) && all.indexOf(end) === i),
      };
    },
  };
}
