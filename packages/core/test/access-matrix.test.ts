import { expect, it } from "vitest";
import {
  gte,
  type Id,
  type Level,
  memory,
  openGraph,
  type Session,
  systemRootId,
  type Tx,
  via,
  walker,
} from "../src/index.ts";
import { atLeast, levels, type ReferenceGraph, type ReferenceRecord } from "./access-reference.ts";
import {
  Door,
  denied,
  emptyReference,
  makeRoot,
  mirror,
  Notice,
  outcome,
  Room,
  undone,
  Wire,
  worldTypes,
} from "./behaviour/access-world.ts";

// Levels of everyone and of one other root, on the record and on its owner's root; for the system, the owner, the
// other one and a stranger; over every path: each cell is compared with the decision procedure written down naively.

const maybeLevels = [undefined, ...levels] as const;

interface Setting {
  readonly all: Level;
  readonly other: Level | undefined;
}

const settings: readonly Setting[] = levels.flatMap((all) => maybeLevels.map((other) => ({ all, other })));

interface World {
  readonly reference: ReferenceGraph;
  readonly sessions: readonly { readonly name: string; readonly me: (owner: Id) => Id }[];
  readonly as: (id: Id) => Session;
  readonly owners: readonly Id[];
  /** Nodes that everyone may connect to. */
  readonly gate: Id;
  readonly hall: Id;
  readonly subjects: readonly Id[];
  readonly edges: readonly Id[];
  /** The edge of each subject to the gate. */
  readonly toGate: ReadonlyMap<Id, Id>;
}

type AnySubject = Room | Notice;

/**
 * @param says what the rule of the subjects' type answers, "" where it answers nothing; `undefined` for a type without
 * @param forEdges the same for edges between two open nodes
 */
async function build(says: readonly (string | undefined)[], perRecord: readonly Setting[]): Promise<World> {
  const graph = await openGraph({ types: worldTypes, store: memory() });
  const reference = emptyReference();
  const other = await makeRoot(graph, reference);
  const stranger = await makeRoot(graph, reference);
  const [gate, hall] = await graph.transaction((tx) => {
    const rooms = tx.create(Room, [
      { key: "gate", size: -1 },
      { key: "hall", size: -2 },
    ]);
    return rooms.map((room) => {
      room.grant("connect");
      mirror(reference, room);
      return room.id;
    }) as [Id, Id];
  });
  const owners: Id[] = [];
  const subjects: Id[] = [];
  const edges: Id[] = [];
  const toGates = new Map<Id, Id>();
  let count = 0;
  for (const onRoot of settings) {
    const owner = await makeRoot(graph, reference);
    owners.push(owner);
    await graph.as(owner).transaction(async (tx) => {
      tx.root.grant(onRoot.all);
      if (onRoot.other !== undefined) tx.root.allowRoot(other, onRoot.other);
      const root = reference.find(owner) as ReferenceRecord;
      root.all = onRoot.all;
      root.roots = onRoot.other === undefined ? {} : { [other]: onRoot.other };
      const [from, to] = [await tx.require(Room, gate), await tx.require(Room, hall)];
      for (const saying of says) {
        for (const { all, other: level } of perRecord) {
          const fields = { key: `${count}`, size: count };
          const subject: AnySubject =
            saying === undefined ? tx.create(Room, fields) : tx.create(Notice, { ...fields, says: saying });
          const toGate = subject.link(from, via(Door, { size: -1 - count }));
          const between =
            saying === undefined
              ? from.link(to, via(Door, { size: count }))
              : from.link(to, via(Wire, { size: count, says: saying }));
          for (const record of [subject, between]) {
            record.grant(all);
            if (level !== undefined) record.allowRoot(other, level);
          }
          for (const record of [subject, toGate, between]) mirror(reference, record);
          subjects.push(subject.id);
          toGates.set(subject.id, toGate.id);
          edges.push(between.id);
          count += 1;
        }
      }
    });
  }
  return {
    reference,
    as: (id) => (id === systemRootId ? graph : graph.as(id)),
    sessions: [
      { name: "system", me: () => systemRootId },
      { name: "owner", me: (owner) => owner },
      { name: "other", me: () => other },
      { name: "stranger", me: () => stranger },
    ],
    owners,
    gate,
    hall,
    subjects,
    edges,
    toGate: toGates,
  };
}

class Cells {
  count = 0;
  readonly wrong: string[] = [];

  check(what: string, actual: unknown, expected: unknown): void {
    this.count += 1;
    if (JSON.stringify(actual) !== JSON.stringify(expected) && this.wrong.length < 20)
      this.wrong.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }

  /** One cell for each id that might be among them, and one for their order. */
  checkAll(
    what: string,
    actual: readonly string[],
    expected: readonly string[],
    all: readonly string[],
  ): void {
    const [is, should] = [new Set(actual), new Set(expected)];
    for (const id of all) this.check(`${what} of ${id}`, is.has(id), should.has(id));
    this.check(`${what} as a whole`, actual, expected);
  }
}

const found: Id[] = [];
const collectNodes = walker("collect_nodes", {}).entry(Room, (w, room) => {
  if (found.length === 0) w.visit(room.in());
  found.push(room.id);
});
const collectAll = collectNodes.entry(Notice, (_, notice) => {
  found.push(notice.id);
});
const collectEdges = walker("collect_edges", {})
  .entry(Room, (w, room) => {
    if (found.length === 0) w.visit(room.out(Door).edges());
    if (found.length === 0) w.visit(room.out(Wire).edges());
    found.push(room.id);
  })
  .entry([Door, Wire], (_, here) => {
    found.push(here.id);
  });

async function collected(run: () => Promise<unknown>): Promise<Id[]> {
  found.length = 0;
  await run();
  return found.slice();
}

/** Reads that give many records at once: all subjects are cells of each. */
async function readMany(cells: Cells, world: World, me: Id, name: string): Promise<void> {
  const { reference, gate, hall, subjects, edges } = world;
  const session = world.as(me);
  const seen = subjects.filter((id) => reference.sees(id, me));
  const seenEdges = edges.filter((id) => reference.sees(id, me));
  const types = [Room, Notice] as const;
  const sizeOf = (id: string): number => Number(reference.find(id)?.fields.size);
  const ofType = (type: (typeof types)[number]) => reference.extent(type.typeName, me);
  const check = (what: string, actual: readonly string[], expected: readonly string[], all = subjects) =>
    cells.checkAll(`${name}: ${what}`, actual, expected, all);
  const inbound = { direction: "in" } as const;
  const intoGate = reference.hop([gate], inbound, me);
  for (const type of types) {
    const expected = ofType(type);
    check("scan ids", await session.nodes(type).ids(), expected);
    check(
      "scan all",
      (await session.nodes(type).all()).map(({ id }) => id),
      expected,
    );
    const iterated: Id[] = [];
    for await (const { id } of session.nodes(type)) iterated.push(id);
    check("for await", iterated, expected);
    const paged: Id[] = [];
    for (let next: string | undefined, isFirst = true; isFirst || next !== undefined; isFirst = false) {
      const query = session.nodes(type).limit(97);
      const page = await (next === undefined ? query : query.after(next)).page();
      paged.push(...page.items.map(({ id }) => id));
      next = page.next;
    }
    check("pages", paged, expected);
    const bySize = expected.slice().sort((left, right) => sizeOf(left) - sizeOf(right));
    check("index order", await session.nodes(type).orderBy("size").ids(), bySize);
    check("index range", await session.nodes(type, { size: gte(-5) }).ids(), expected);
    cells.check(`${name}: count of ${type.typeName}`, await session.nodes(type).count(), expected.length);
  }
  await session.transaction(async (tx) => {
    const room = await tx.require(Room, gate);
    check("in", await room.in().ids(), intoGate);
    check("in by edge type", await room.in(Door).ids(), intoGate);
    for (const type of types)
      check(
        "in by node type",
        await room.in(type).ids(),
        reference.hop([gate], { ...inbound, nodeType: type.typeName }, me),
      );
    const pairs = reference.pairs([gate], inbound, me);
    check(
      "pairs",
      (await room.in().pairs().all()).map(({ node }) => node.id),
      pairs.map(({ node }) => node),
    );
    cells.check(
      `${name}: edges`,
      await room.in(Door).edges().ids(),
      pairs.map((pair) => pair.edge),
    );
    cells.check(`${name}: count of in`, await room.in().count(), intoGate.length);
    cells.check(`${name}: first of in`, (await room.in().first())?.id, intoGate[0]);
    check("reverse", await room.in(Door).reverse().ids(), intoGate.slice().reverse());
    check(
      "depth",
      await room.in(Door, {}, { depth: [1, 3] }).ids(),
      reference.deep(gate, { direction: "in", edgeType: "Door" }, 1, 3, me),
    );
    cells.check(
      `${name}: two hops`,
      await room.in().out().ids(),
      reference.hop(intoGate, { direction: "out" }, me),
    );
    const out = reference.pairs([gate], { direction: "out" }, me).map((pair) => pair.edge);
    check("out edges", await room.out().edges().ids(), out, edges);
    check(
      "edge pairs",
      (await room.out().pairs().all()).map(({ edge }) => edge.id),
      out,
      edges,
    );
    cells.check(`${name}: edges between`, await room.out().exists(), out.length > 0);
  });
  for (const type of [Door, Wire])
    check("edge scan", await session.edges(type).ids(), reference.extent(type.typeName, me), edges);
  cells.check(
    `${name}: edges seen`,
    seenEdges.length,
    seenEdges.filter((id) => reference.sees(id, me)).length,
  );
  check("walk", await collected(() => session.spawn(collectAll, {}, { at: gate })), [gate, ...intoGate]);
  const doors = reference.pairs([gate], { direction: "out", edgeType: "Door" }, me).map((pair) => pair.edge);
  const wires = reference.pairs([gate], { direction: "out", edgeType: "Wire" }, me).map((pair) => pair.edge);
  const followed = [doors, wires].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [first, hall, ...rest],
  );
  check(
    "walk over edges",
    await collected(() => session.spawn(collectEdges, {}, { at: gate })),
    [gate, ...followed],
    edges,
  );
  cells.check(`${name}: subjects seen`, seen.length, subjects.filter((id) => reference.sees(id, me)).length);
}

/** Reads and writes of one node. */
async function nodeCells(cells: Cells, world: World, me: Id, name: string, id: Id): Promise<void> {
  const { reference, gate } = world;
  const session = world.as(me);
  const record = reference.find(id) as ReferenceRecord;
  const type = record.type === "Room" ? Room : (Notice as unknown as typeof Room);
  const key = String(record.fields.key);
  const sees = reference.sees(id, me);
  const level = reference.level(id, me);
  const toGate = reference.find(world.toGate.get(id) as Id) as ReferenceRecord;
  const seesEdge = reference.sees(toGate.id, me);
  const check = (what: string, actual: unknown, expected: unknown): void =>
    cells.check(`${name}: ${what} of ${id} (${level})`, actual, expected);

  await session.transaction(async (tx) => {
    check("get", (await tx.get(type, id))?.id, sees ? id : undefined);
    check("unique lookup", await tx.nodes(type, { key }).ids(), sees ? [id] : []);
    check("index lookup", await tx.nodes(type, { size: Number(key) }).count(), sees ? 1 : 0);
    check("exists", await tx.nodes(type, { key }).exists(), sees);
    check("first", (await tx.nodes(type, { key }).first())?.key, sees ? key : undefined);
    check("hop from it", await tx.nodes(type, { key }).out(Door).ids(), seesEdge ? [gate] : []);
    check("edge", (await tx.get(Door, toGate.id as Id))?.id, seesEdge ? toGate.id : undefined);
  });
  check("outside a unit", (await session.get(type, id))?.toJSON().id, sees ? id : undefined);
  check(
    "walk there",
    await collected(() => session.spawn(collectAll, {}, { at: id })),
    !sees ? [] : type === Room ? [id] : [id],
  );

  const attempt = async (
    what: string,
    required: Level,
    target: string,
    actual: Level,
    body: (tx: Tx, room: Room) => unknown,
  ): Promise<void> => {
    const result = await undone(session, async (tx) => {
      const room = await tx.get(type, id);
      if (room === undefined) return "absent";
      const before = JSON.stringify([room, room.$access.all, [...room.$access.roots]]);
      const told = await outcome(() => body(tx, room));
      if (told !== "done")
        check(
          `${what} leaves no trace`,
          JSON.stringify([room, room.$access.all, [...room.$access.roots]]),
          before,
        );
      return told;
    });
    const allowed = atLeast(actual, required) ? "done" : denied(target, required, actual);
    check(what, result, sees ? allowed : "absent");
  };
  const write = (what: string, body: (tx: Tx, room: Room) => unknown): Promise<void> =>
    attempt(what, "write", id, level, body);
  const connect = (what: string, body: (tx: Tx, room: Room) => unknown): Promise<void> =>
    attempt(what, "connect", id, level, body);
  await write("field", (_, room) => {
    room.tag = "changed";
  });
  await write("update", (_, room) =>
    room.update((draft) => {
      draft.tag = "changed";
    }),
  );
  await write("delete", (_, room) => room.delete());
  await write("grant", (_, room) => room.grant("read"));
  await write("revoke", (_, room) => room.revoke());
  await write("allowRoot", (_, room) => room.allowRoot(me, "write"));
  await write("disallowRoot", (_, room) => room.disallowRoot(me));
  await write("updateAll", (tx) =>
    tx.nodes(type, { key }).updateAll((draft) => {
      draft.tag = "changed";
    }),
  );
  await write("deleteAll", (tx) => tx.nodes(type, { key }).deleteAll());
  await connect("connect", (_, room) => room.connect(Room, { key: "new", size: 0 }));
  await connect("connect many", (_, room) => room.connect(Room, [{ key: "new", size: 0 }], via(Door, {})));
  await connect("link from", async (tx, room) => room.link(await tx.require(Room, gate)));
  await connect("link to", async (tx, room) => (await tx.require(Room, gate)).link(room));
  await connect("link itself", (_, room) => room.link(room, via(Door, {})));
  // The edge to the gate can be removed by whoever may write it or one of its ends.
  const mayRemove = reference.mayRemoveEdge(toGate.id, me);
  const edgeLevel = mayRemove ? "write" : reference.level(toGate.id, me);
  if (seesEdge) {
    await attempt("disconnect", "write", toGate.id, edgeLevel, async (tx, room) =>
      room.disconnect(await tx.require(Room, gate)),
    );
    await attempt("disconnectAll", "write", toGate.id, edgeLevel, (_, room) =>
      room.out(Door).disconnectAll(),
    );
    await attempt("delete edge", "write", toGate.id, edgeLevel, async (tx) =>
      (await tx.require(Door, toGate.id as Id)).delete(),
    );
  }
}

/** Reads and writes of one edge between two nodes that are open to all. */
async function edgeCells(cells: Cells, world: World, me: Id, name: string, id: Id): Promise<void> {
  const { reference, gate, hall } = world;
  const session = world.as(me);
  const record = reference.find(id) as ReferenceRecord;
  const type = record.type === "Door" ? Door : (Wire as unknown as typeof Door);
  const size = Number(record.fields.size);
  const sees = reference.sees(id, me);
  const level = reference.level(id, me);
  const check = (what: string, actual: unknown, expected: unknown): void =>
    cells.check(`${name}: ${what} of edge ${id} (${level})`, actual, expected);
  await session.transaction(async (tx) => {
    const edge = await tx.get(type, id);
    check("get", edge?.id, sees ? id : undefined);
    check("source", (await edge?.source())?.id, sees ? gate : undefined);
    check("target", (await edge?.target())?.id, sees ? hall : undefined);
    const room = await tx.require(Room, gate);
    check("filter", await room.out(type, { size }).edges().ids(), sees ? [id] : []);
    check("nodes", await room.out(type, { size }).ids(), sees ? [hall] : []);
    check("pairs", (await room.both(type, { size }).pairs().all()).length, sees ? 1 : 0);
    check("exists", await room.out(type, { size }).exists(), sees);
  });
  const removable = reference.mayRemoveEdge(id, me) ? "write" : level;
  const attempt = async (
    what: string,
    actual: Level,
    body: (tx: Tx, edge: Door) => unknown,
  ): Promise<void> => {
    const result = await undone(session, async (tx) => {
      const edge = await tx.get(type, id);
      return edge === undefined ? "absent" : outcome(() => body(tx, edge));
    });
    const allowed = actual === "write" ? "done" : denied(id, "write", actual);
    check(what, result, sees ? allowed : "absent");
  };
  await attempt("field", level, (_, edge) => {
    edge.size = -1;
  });
  await attempt("update", level, (_, edge) =>
    edge.update((draft) => {
      draft.size = -1;
    }),
  );
  await attempt("grant", level, (_, edge) => edge.grant("write"));
  await attempt("revoke", level, (_, edge) => edge.revoke());
  await attempt("allowRoot", level, (_, edge) => edge.allowRoot(me, "write"));
  await attempt("disallowRoot", level, (_, edge) => edge.disallowRoot(me));
  await attempt("delete", removable, (_, edge) => edge.delete());
  await attempt("updateAll", level, async (tx) =>
    (await tx.require(Room, gate))
      .out(type, { size })
      .edges()
      .updateAll((draft) => {
        draft.size = -1;
      }),
  );
  await attempt("disconnectAll", removable, async (tx) =>
    (await tx.require(Room, gate)).out(type, { size }).disconnectAll(),
  );
  await attempt("disconnect", removable, async (tx) =>
    (await tx.require(Room, gate)).disconnect(await tx.require(Room, hall), type, { size }),
  );
}

async function matrix(world: World): Promise<Cells> {
  const cells = new Cells();
  const many = new Set<Id>();
  for (const { name, me } of world.sessions) {
    for (const id of [...world.subjects, ...world.edges]) {
      const { owner, kind } = world.reference.find(id) as ReferenceRecord;
      const who = me(owner as Id);
      if (!many.has(who)) {
        many.add(who);
        await readMany(cells, world, who, name);
      }
      await (kind === "node" ? nodeCells : edgeCells)(cells, world, who, name, id);
    }
  }
  return cells;
}

it("no path over records without a rule lets anybody see or do more or less than the procedure", async () => {
  const cells = await matrix(await build([undefined], settings));
  expect(cells.wrong).toEqual([]);
  expect(cells.count).toBeGreaterThan(50_000);
  console.info(`access matrix: ${cells.count} cells, 0 leaks`);
}, 180_000);

it("no path over records with a rule lets anybody see or do more or less than the procedure", async () => {
  const few = settings.filter(
    ({ all, other }) => (all === "none" || all === "connect") && [undefined, "none", "write"].includes(other),
  );
  const cells = await matrix(await build(["", "none", "read", "connect", "write"], few.slice(0, 4)));
  expect(cells.wrong).toEqual([]);
  expect(cells.count).toBeGreaterThan(40_000);
  console.info(`access matrix with rules: ${cells.count} cells, 0 leaks`);
}, 180_000);
