import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type AccessDeniedError,
  type AccessExplanation,
  ClosedError,
  edge,
  type Graph,
  type Id,
  type Level,
  node,
  openGraph,
  Root,
  type Session,
  systemRootId,
  via,
} from "../../src/index.ts";
import { forEachStore, type Open } from "./stores.ts";

class Note extends node("Note", { text: z.string() }) {}
class Notice extends node(
  "Notice",
  { says: z.string().default("") },
  { access: ({ says }) => (says === "" ? undefined : (says as Level)) },
) {}
class Cites extends edge("Cites", {}) {}

interface World {
  readonly graph: Graph;
  readonly alice: Session;
  readonly bob: Session;
  readonly aliceId: Id;
  readonly bobId: Id;
}

async function world(open: Open): Promise<World> {
  const graph = await open({ types: [Note, Notice, Cites] });
  const aliceId = (await graph.createRoot()).id;
  const bobId = (await graph.createRoot()).id;
  return { graph, alice: graph.as(aliceId), bob: graph.as(bobId), aliceId, bobId };
}

const nobody = "01900000-0000-7000-8000-0000000000ff" as Id;

async function noteOf(session: Session, edit: (note: Note) => void = () => {}): Promise<Id> {
  return session.transaction((tx) => {
    const note = tx.root.connect(Note, { text: "hello" });
    edit(note);
    return note.id;
  });
}

/** Everything but what names the record. */
function nameless({ record: _, ...told }: AccessExplanation): object {
  return { ...told };
}

forEachStore("explainAccess", (open) => {
  describe("names the step that decides", () => {
    it("for who may do everything", async () => {
      const { graph, alice, aliceId } = await world(open);
      const id = await noteOf(alice);
      expect(await graph.explainAccess(id, "write")).toMatchObject({
        allowed: true,
        level: "write",
        required: "write",
        step: "system-root",
        principal: systemRootId,
        record: id,
        type: "Note",
      });
      expect(await alice.explainAccess(id, "write")).toMatchObject({ step: "owner", principal: aliceId });
      await alice.transaction(async (tx) => {
        const note = tx.create(Note, { text: "new" });
        expect(await tx.explainAccess(note, "write")).toMatchObject({ allowed: true, step: "created-here" });
      });
    });

    it("for grants, explicit ones before those for everyone, the record's before the owner's", async () => {
      const { alice, bob, bobId } = await world(open);
      const id = await noteOf(alice);
      const told: string[] = [];
      const step = async (edit: (note: Note, root: Root) => void): Promise<void> => {
        await alice.transaction(async (tx) => edit(await tx.require(Note, id), tx.root));
        const { step, level } = await bob.explainAccess(id, "connect");
        told.push(`${step} ${level}`);
      };
      await step((note) => note.grant("read"));
      await step((_note, root) => root.grant("connect"));
      await step((_note, root) => root.allowRoot(bobId, "read"));
      await step((note) => note.allowRoot(bobId, "write"));
      expect(told).toEqual([
        "record-all read",
        "owner-all connect",
        "owner-entry read",
        "record-entry write",
      ]);
    });

    it("for the rule of a type, and for the grants where it leaves it to them", async () => {
      const { graph, alice, bob } = await world(open);
      const [strict, open_] = await alice.transaction((tx) => {
        const notices = tx.create(Notice, [{ says: "read" }, {}]);
        for (const notice of notices) notice.grant("connect");
        return notices.map(({ id }) => id);
      });
      expect(await bob.explainAccess(strict!, "connect")).toMatchObject({
        allowed: false,
        level: "read",
        step: "rule",
        because: 'the access rule of Notice says "read"',
      });
      expect(await bob.explainAccess(open_!, "connect")).toMatchObject({ allowed: true, step: "record-all" });
      expect(await graph.explainAccess(strict!, "connect")).toMatchObject({ step: "system-root" });
    });

    it("for an edge, which is seen with both its ends alone", async () => {
      const { graph, alice, bobId } = await world(open);
      const { cites, target } = await alice.transaction((tx) => {
        const [from, to] = tx.create(Note, [{ text: "a" }, { text: "b" }]);
        from!.grant("read");
        return { cites: from!.link(to!, via(Cites)).id, target: to!.id };
      });
      const closed = await alice.explainAccess(cites, "read", { for: bobId });
      expect(closed).toMatchObject({
        allowed: false,
        level: "none",
        step: "end",
        ends: { source: { allowed: true, step: "record-all" }, target: { allowed: false, level: "none" } },
      });
      expect(closed.because).toBe(
        `its target, Note ${target}, may not be read: neither the record nor its owner's root grants it anything`,
      );
      await alice.transaction(async (tx) => (await tx.require(Note, target)).grant("write"));
      const opened = await graph.as(bobId).explainAccess(cites, "write");
      expect(opened).toMatchObject({
        allowed: false,
        level: "read",
        step: "record-all",
        ends: { target: { level: "write" } },
      });
      expect(await graph.explainAccess(cites, "write", { for: bobId })).toEqual(opened);
    });

    it("for what a deleted root has left behind", async () => {
      const { graph, alice, aliceId, bob, bobId } = await world(open);
      const id = await noteOf(alice, (note) => note.grant("write"));
      expect(await bob.explainAccess(id, "write")).toMatchObject({ allowed: true });
      await graph.deleteRoot(aliceId);
      expect(await bob.explainAccess(id, "read")).toMatchObject({ allowed: false, step: "hidden" });
      expect(await graph.explainAccess(id, "read", { for: bobId })).toMatchObject({ step: "absent" });
    });

    it("for records whose fields no rule can judge by", async () => {
      const place = open.place();
      const first = await place({ types: [Notice] });
      const bobId = (await first.createRoot()).id;
      const id = await first.transaction((tx) => tx.create(Notice, { says: "read" }).id);
      await first.close();
      class Stricter extends node("Notice", { says: z.literal("write") }, { access: () => "write" }) {}
      const graph = await place({ types: [Stricter] });
      expect(await graph.as(bobId).explainAccess(id, "read")).toMatchObject({ step: "hidden" });
      expect(await graph.explainAccess(id, "read", { for: bobId })).toMatchObject({
        allowed: false,
        step: "unreadable-fields",
      });
    });
  });

  describe("does not tell that a record is there", () => {
    it("to whoever may not read it: the answer is that of an id nothing has", async () => {
      const { alice, bob } = await world(open);
      const id = await noteOf(alice);
      const cites = await alice.transaction((tx) => {
        const [from, to] = tx.create(Note, [{ text: "a" }, { text: "b" }]);
        return from!.link(to!, via(Cites)).id;
      });
      for (const level of ["read", "connect", "write"] as const) {
        const absent = await bob.explainAccess(nobody, level);
        expect(absent).toMatchObject({ allowed: false, level: "none", step: "hidden", type: undefined });
        for (const hidden of [id, cites]) {
          const told = await bob.explainAccess(hidden, level);
          expect(nameless(told)).toEqual(nameless(absent));
          expect(Object.keys(told)).toEqual(Object.keys(absent));
          expect(String(told).replaceAll(hidden, nobody)).toBe(String(absent));
        }
      }
    });

    it("nor by a question about others, of which owner and system root alone are told", async () => {
      const { graph, alice, bob, aliceId, bobId } = await world(open);
      const hidden = await noteOf(alice);
      const shared = await noteOf(alice, (note) => note.grant("write"));
      const denials = await Promise.all(
        [hidden, nobody, shared].map((id) =>
          bob.explainAccess(id, "read", { for: aliceId }).then(
            () => undefined,
            (error: AccessDeniedError) => [error.code, error.actual, error.message.replace(id, "it")],
          ),
        ),
      );
      expect(denials[0]).toEqual([
        "RW_ACCESS_DENIED",
        "none",
        "explainAccess: what others may do with it is told to its owner and to the system root",
      ]);
      expect(denials[1]).toEqual(denials[0]);
      expect(denials[2]![1]).toBe("write");
      expect(await alice.explainAccess(shared, "write", { for: bobId })).toMatchObject({ allowed: true });
      expect(await alice.explainAccess(hidden, "read", { for: bobId })).toMatchObject({ step: "record-all" });
      expect(await graph.explainAccess(hidden, "read", { for: bobId })).toMatchObject({ allowed: false });
      expect(await graph.explainAccess(nobody, "read", { for: bobId })).toMatchObject({ step: "absent" });
      // Whether somebody is a root is nobody's business either.
      const asked = await alice.explainAccess(hidden, "read", { for: nobody });
      expect({ ...asked, principal: bobId }).toEqual({
        ...(await alice.explainAccess(hidden, "read", { for: bobId })),
      });
    });
  });

  it("sees what the unit of work has granted, also about others", async () => {
    const { alice, bobId } = await world(open);
    const id = await noteOf(alice);
    await alice.transaction(async (tx) => {
      const ask = async (): Promise<string> => (await tx.explainAccess(id, "read", { for: bobId })).step;
      expect(await ask()).toBe("record-all");
      tx.root.allowRoot(bobId, "read");
      expect(await ask()).toBe("owner-entry");
      (await tx.require(Note, id)).allowRoot(bobId, "none");
      expect(await ask()).toBe("record-entry");
      const fresh = tx.create(Note, { text: "new" });
      expect((await tx.explainAccess(fresh, "read", { for: bobId })).step).toBe("owner-entry");
    });
  });

  it("is of the moment of its unit: what it was told of others must still hold at the commit", async () => {
    const { graph, alice, bobId } = await world(open);
    const id = await noteOf(alice);
    let runs = 0;
    const told = await graph.transaction(async (tx) => {
      runs += 1;
      const { step } = await tx.explainAccess(id, "read", { for: bobId });
      if (runs === 1) {
        await alice.transaction((other) => other.root.allowRoot(bobId, "read"));
        await graph.refresh();
      }
      tx.create(Note, { text: step });
      return step;
    });
    expect([runs, told]).toEqual([2, "owner-entry"]);
  });

  it("prints as a sentence and serializes as data", async () => {
    const { alice, bob, bobId } = await world(open);
    const id = await noteOf(alice, (note) => note.grant("read"));
    const told = await bob.explainAccess(id, "write");
    const sentence = `root ${bobId} may not write to Note ${id}: the record says "read" for everyone`;
    expect(String(told)).toBe(sentence);
    expect(inspect(told)).toBe(sentence);
    expect(Object.isFrozen(told)).toBe(true);
    expect(JSON.parse(JSON.stringify(told))).toEqual({
      allowed: false,
      level: "read",
      required: "write",
      step: "record-all",
      because: 'the record says "read" for everyone',
      principal: bobId,
      record: id,
      type: "Note",
    });
  });

  it("takes records of any unit, and refuses what is none", async () => {
    const { graph, alice, bobId } = await world(open);
    const id = await noteOf(alice);
    const note = await alice.require(Note, id);
    expect(await alice.explainAccess(note, "read")).toMatchObject({ step: "owner", record: id });
    expect(await graph.explainAccess(graph.root, "write")).toMatchObject({ type: "Root" });
    const bob = await graph.require(Root, bobId);
    expect(await graph.explainAccess(note, "read", { for: bob })).toMatchObject({ principal: bobId });
    const ask = graph.explainAccess.bind(graph) as (...args: unknown[]) => Promise<unknown>;
    await expect(ask(7, "read")).rejects.toThrow(TypeError);
    await expect(ask("x", "read")).rejects.toMatchObject({ code: "RW_ID_INVALID" });
    await expect(ask(id, "none")).rejects.toMatchObject({ code: "RW_ACCESS_LEVEL" });
    await expect(ask(id, "admin")).rejects.toMatchObject({ code: "RW_ACCESS_LEVEL" });
    await expect(ask(id, "read", { as: bobId })).rejects.toThrow('explainAccess has no option "as"');
    await expect(ask(id, "read", bobId)).rejects.toThrow(TypeError);
    await expect(ask(id, "read", { for: note })).rejects.toThrow(TypeError);
    const other = await openGraph({ types: [Note, Notice, Cites] });
    await expect(other.explainAccess(note, "read")).rejects.toThrow("belongs to another graph");
    await other.close();
    await expect(other.explainAccess(id, "read")).rejects.toThrow(ClosedError);
  });
});
