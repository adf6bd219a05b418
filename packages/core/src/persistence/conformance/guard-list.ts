import type { Change, CommitRecord, Guard, Guards } from "../change.ts";

/** Guards as a plain list, judged one by one; remembers which commits it was asked about. */
export class GuardList implements Guards {
  readonly #guards: readonly Guard[];
  readonly asked: CommitRecord[] = [];

  constructor(...guards: readonly Guard[]) {
    this.#guards = guards;
  }

  get isEmpty(): boolean {
    return this.#guards.length === 0;
  }

  conflictsWith(commits: readonly CommitRecord[]): boolean {
    this.asked.push(...commits);
    return commits.some(
      ({ changes }) =>
        changes === undefined ||
        changes.some((change) => this.#guards.some((guard) => breaks(change, guard))),
    );
  }

  *[Symbol.iterator](): Iterator<Guard> {
    yield* this.#guards;
  }
}

export const noGuards: Guards = new GuardList();

function breaks(change: Change, guard: Guard): boolean {
  switch (guard.kind) {
    case "record":
      if (change.id !== guard.id) return false;
      return (
        change.op === "delete" ||
        (change.accessVersion !== undefined && change.accessVersion !== guard.accessVersion) ||
        (guard.dataVersion !== undefined &&
          change.dataVersion !== undefined &&
          change.dataVersion !== guard.dataVersion)
      );
    case "absent":
      return change.id === guard.id && change.op === "create";
    case "adjacency":
      if (change.kind === "node") return change.id === guard.node && change.op === "delete";
      if (guard.edgeType !== undefined && guard.edgeType !== change.type) return false;
      return (
        change.op !== "update" && (guard.direction === "out" ? change.source : change.target) === guard.node
      );
    case "type":
      return change.kind === guard.record && change.type === guard.type;
    case "index":
      return change.kind === "node";
  }
}
