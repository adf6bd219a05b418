import { type GraphData, personName } from "../rmat.ts";
import type { WalkTask, WalkTotals } from "../workload.ts";

interface Knows {
  readonly weight: number;
  readonly ts: number;
  readonly target: Person;
}

interface Person {
  readonly name: string;
  readonly grp: number;
  readonly score: number;
  readonly knows: Knows[];
}

/** People as plain objects that point at each other: what one writes where no database is wanted. */
export class ObjectGraph {
  readonly #people: Person[];

  constructor(data: GraphData) {
    this.#people = Array.from({ length: data.nodeCount }, (_, node) => ({
      name: personName(node),
      grp: data.groups[node] as number,
      score: data.scores[node] as number,
      knows: [],
    }));
    for (let edge = 0; edge < data.edgeCount; edge += 1) {
      this.#person(data.sources[edge] as number).knows.push({
        weight: data.weights[edge] as number,
        ts: data.timestamps[edge] as number,
        target: this.#person(data.targets[edge] as number),
      });
    }
  }

  /** Breadth first, each person once, a handler called for each. */
  walk({ source, aboveWeight, maxNodes }: WalkTask): WalkTotals {
    const queue: Person[] = [this.#person(source)];
    const seen = new Set<Person>();
    const totals = { visits: 0, score: 0 };
    const handle = (person: Person): void => {
      totals.visits += 1;
      totals.score += person.score;
      for (const { weight, target } of person.knows) if (weight > aboveWeight) queue.push(target);
    };
    for (let next = 0; next < queue.length && totals.visits < maxNodes; next += 1) {
      const person = queue[next] as Person;
      if (seen.has(person)) continue;
      seen.add(person);
      handle(person);
    }
    return totals;
  }

  /** The same loop with a handler that is awaited. */
  async walkAsync({ source, aboveWeight, maxNodes }: WalkTask): Promise<WalkTotals> {
    const queue: Person[] = [this.#person(source)];
    const seen = new Set<Person>();
    const totals = { visits: 0, score: 0 };
    const handle = async (person: Person): Promise<void> => {
      totals.visits += 1;
      totals.score += person.score;
      for (const { weight, target } of person.knows) if (weight > aboveWeight) queue.push(target);
    };
    for (let next = 0; next < queue.length && totals.visits < maxNodes; next += 1) {
      const person = queue[next] as Person;
      if (seen.has(person)) continue;
      seen.add(person);
      await handle(person);
    }
    return totals;
  }

  #person(node: number): Person {
    return this.#people[node] as Person;
  }
}
