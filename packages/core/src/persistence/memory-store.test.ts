import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newEdgeAccess, newNodeAccess } from "../model/access-record.ts";
import { type Id, IdColumn, IdSource } from "../model/id.ts";
import type { Token } from "./change.ts";
import { BatchDraft } from "./conformance/batch-draft.ts";
import { catalog } from "./conformance/catalog.ts";
import { GuardList } from "./conformance/guard-list.ts";
import { adjacency } from "./conformance/store-client.ts";
import { memory } from "./memory-store.ts";
import type { NodeRows } from "./rows.ts";
import type { AdjacencyAnswer, CommitOutcome, NodePage, OpenedStore, Store } from "./store.ts";

const ids = new IdSource();
const owner = ids.nextId();
const newDraft = (): BatchDraft => new BatchDraft(() => ids.nextId(), owner);

function opened(): Store {
  const store = memory();
  void store.open(catalog);
  return store;
}

function commit(store: Store, draft: BatchDraft): CommitOutcome {
  const [outcome] = store.commit([draft.batch(store.current() as Token)]) as CommitOutcome[];
  return outcome!;
}

function edgesOf(store: Store, node: Id, direction: "out" | "in"): Id[] {
  const request = adjacency({ direction, limit: 10_000 });
  return [...(store.readAdjacency(IdColumn.of(node), [request]) as AdjacencyAnswer).rows.edges];
}

test("gives back the very objects that were committed, without copies", () => {
  const store = opened();
  const fields = Object.freeze({ name: "Ann" });
  const draft = newDraft();
  const id = draft.node("Person", fields);
  commit(store, draft);
  const { rows } = store.readNodes(IdColumn.of(id)) as { rows: NodeRows };
  expect(rows.fields[0]).toBe(fields);
  expect(rows.access[0]).toBe(newNodeAccess);
});

test("opening with a catalog twice numbers no shape anew", () => {
  const store = memory();
  const first = store.open(catalog) as OpenedStore;
  const second = store.open(catalog) as OpenedStore;
  expect(second.catalog).toBe(first.catalog);
});

test("any history of links and deletes leaves what a plain model has", () => {
  const step = fc.record({
    what: fc.constantFrom("link", "link", "link", "cut", "delete", "purge"),
    type: fc.constantFrom("Knows", "Likes", "Near"),
    from: fc.nat(5),
    to: fc.nat(5),
    pick: fc.nat(1_000),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
      const store = opened();
      const setup = newDraft();
      const nodes = Array.from({ length: 6 }, () => setup.node("Person"));
      commit(store, setup);
      const alive = new Set(nodes);
      const edges = new Map<Id, { type: string; source: Id; target: Id }>();
      for (const { what, type, from, to, pick } of steps) {
        const draft = newDraft();
        const [source, target] = [nodes[from]!, nodes[to]!];
        if (what === "link" && alive.has(source) && alive.has(target)) {
          edges.set(draft.edge(type, source, target), { type, source, target });
        } else if (what === "cut" && edges.size > 0) {
          const [id, edge] = [...edges][pick % edges.size]!;
          draft.disconnect(edge.type, id, edge.source, edge.target);
          edges.delete(id);
        } else if (what === "delete" && pick % 4 === 0 && alive.delete(source)) {
          draft.remove("Person", source);
          for (const [id, edge] of edges)
            if (edge.source === source || edge.target === source) edges.delete(id);
        } else if (what === "purge") {
          void store.purge(1 + (pick % 5));
          continue;
        } else continue;
        expect(commit(store, draft).status).toBe("committed");
      }
      for (const node of nodes) {
        for (const direction of ["out", "in"] as const) {
          const expected = [...edges].filter(([, { type, source, target }]) => {
            const end = direction === "out" ? source : target;
            return end === node || (type === "Near" && (source === node || target === node));
          });
          expect(edgesOf(store, node, direction)).toEqual(expected.map(([id]) => id).sort());
        }
      }
      const scanned = store.scan({
        kind: "node",
        type: "Person",
        order: "asc",
        after: undefined,
        limit: 10,
      }) as NodePage;
      expect([...scanned.rows.ids]).toEqual([...alive].sort());
    }),
    { numRuns: 150 },
  );
});

test("a hub of 200,000 edges pages from anywhere and goes in steps", () => {
  const store = opened();
  const setup = newDraft();
  const [hub, far] = [setup.node("Person"), setup.node("Person")];
  commit(store, setup);
  const edges: Id[] = [];
  for (let i = 0; i < 200; i++) {
    const draft = newDraft();
    for (let k = 0; k < 1_000; k++) edges.push(draft.edge("Knows", hub, far, {}, { access: newEdgeAccess }));
    commit(store, draft);
  }
  for (const at of [0, 1, 99_999, 199_989]) {
    const request = adjacency({ edgeType: "Knows", after: edges[at]!, limit: 10 });
    const { rows } = store.readAdjacency(IdColumn.of(hub), [request]) as AdjacencyAnswer;
    expect([...rows.edges]).toEqual(edges.slice(at + 1, at + 11));
  }
  commit(store, newDraft().remove("Person", hub));
  let steps = 1;
  while (store.purge(10_000) === true) steps += 1;
  expect(steps).toBe(21);
  expect(edgesOf(store, far, "in")).toEqual([]);
});

describe("the commit log", () => {
  test("knows the units and commits of the last 100,000 commits", () => {
    const store = opened();
    const start = store.current() as Token;
    const units: Id[] = [];
    const tokens: Token[] = [];
    for (let i = 0; i < 100_010; i++) {
      const draft = newDraft();
      units.push(draft.unitId);
      const outcome = commit(store, draft);
      if (outcome.status === "committed") tokens.push(outcome.token);
    }
    expect(store.outcome(units[9]!)).toBe("expired");
    expect(store.outcome(units[10]!)).toBe("committed");
    expect(store.outcome(ids.nextId())).toBe("absent");
    expect(store.changes(start)).toBe("lost");
    expect(store.changes(tokens[8]!)).toBe("lost");
    expect(store.changes(tokens[9]!)).toMatchObject({ more: true });

    const guarded = newDraft().batch(start, new GuardList({ kind: "type", record: "node", type: "Room" }));
    expect(store.commit([guarded])).toEqual([{ status: "conflict" }]);
    const again = newDraft();
    Object.assign(again, { unitId: units[50_000] });
    expect(commit(store, again)).toMatchObject({
      status: "committed",
      token: tokens[50_000],
      previous: tokens[49_999],
    });
  });

  test("lists the newest changes one by one, and older commits as commits alone", () => {
    const store = opened();
    const start = store.current() as Token;
    for (let i = 0; i < 20; i++) {
      const draft = newDraft();
      for (let k = 0; k < 1_000; k++) draft.node("Room");
      commit(store, draft);
    }
    const listed: (number | undefined)[] = [];
    for (let since = start, more = true; more; ) {
      const page = store.changes(since);
      if (page === "lost" || page instanceof Promise)
        throw new Error("the store is synchronous and knows the token");
      listed.push(...page.commits.map(({ changes }) => changes?.length));
      more = page.more;
      since = page.token;
    }
    expect(listed).toEqual([...Array(4).fill(undefined), ...Array(16).fill(1_000)]);
  });
});
