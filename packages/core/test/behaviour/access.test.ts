import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  AccessDeniedError,
  ClosedError,
  Edge,
  edge,
  type Graph,
  type Id,
  NotFoundError,
  node,
  Root,
  type Session,
  systemRootId,
  type Tx,
  UniqueViolationError,
  via,
  walker,
} from "../../src/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { forEachStore, type Open } from "./stores.ts";

class Room extends node("Room", { name: z.string(), size: z.number().default(0) }, { index: ["size"] }) {}
class Key extends node("Key", { code: z.string() }, { unique: ["code"] }) {}
class Door extends edge("Door", { width: z.number().default(1) }) {}

/** Its fields say what strangers may do; empty leaves it to grants. */
class Notice extends node(
  "Notice",
  { says: z.string().default(""), reader: z.string().default("") },
  {
    access: (notice, me) =>
      notice.reader === me
        ? "read"
        : notice.says === ""
          ? undefined
          : (notice.says as "none" | "read" | "connect" | "write"),
  },
) {}
class Wire extends edge(
  "Wire",
  { says: z.string().default("") },
  { access: (wire) => (wire.says === "" ? undefined : (wire.says as "none" | "read" | "write")) },
) {}

const types = [Room, Key, Door, Notice, Wire];

interface World {
  readonly graph: Graph;
  readonly alice: Session;
  readonly bob: Session;
  readonly aliceId: Id;
  readonly bobId: Id;
}

async function world(open: Open): Promise<World> {
  const graph = await open({ types });
  const aliceId = (await graph.createRoot()).id;
  const bobId = (await graph.createRoot()).id;
  return { graph, alice: graph.as(aliceId), bob: graph.as(bobId), aliceId, bobId };
}

/** A room of the session's, changed as `change` says. */
function makeRoom(session: Session, name: string, change: (room: Room) => void = () => {}): Promise<Id> {
  return session.transaction((tx) => {
    const room = tx.create(Room, { name });
    change(room);
    return room.id;
  });
}

const pause = (): Promise<void> => Promise.resolve();

/** What the call threw, or what its promise was rejected with. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function expectDenied(
  call: () => unknown,
  target: Id,
  required: string,
  actual: string,
): Promise<AccessDeniedError> {
  const error = await thrownBy(call);
  expect(error).toBeInstanceOf(AccessDeniedError);
  expect(error).toMatchObject({ target, required, actual });
  return error as AccessDeniedError;
}

/** A store that commits so often and then no more, as a process that is gone. */
function stopping(store: Store, commits: { left: number }): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "commit") return value.bind(target) as unknown;
      return (...batches: unknown[]): unknown => {
        if (commits.left === 0) throw new Error("gone");
        commits.left -= 1;
        return value.apply(target, batches) as unknown;
      };
    },
  });
}

/** What this session may do with a room, found out by trying. */
async function levelBy(session: Session, id: Id): Promise<string> {
  const rollback = new Error("nothing of this is meant");
  let level = "none";
  const attempt = async (body: (tx: Tx, room: Room) => void): Promise<boolean> => {
    let done = false;
    const error = await thrownBy(() =>
      session.transaction(async (tx) => {
        done = false;
        const room = await tx.get(Room, id);
        if (room === undefined) return;
        body(tx, room);
        done = true;
        throw rollback;
      }),
    );
    if (error !== undefined && error !== rollback) expect(error).toBeInstanceOf(AccessDeniedError);
    return done;
  };
  if (await attempt(() => {})) level = "read";
  if (await attempt((_, room) => room.connect(Room, { name: "new" }))) level = "connect";
  if (
    await attempt((_, room) => {
      room.name = "changed";
    })
  )
    level = "write";
  return level;
}

forEachStore("access", (open) => {
  describe("the decision procedure", () => {
    it("a new node is its owner's alone", async () => {
      const { graph, alice, bob } = await world(open);
      const id = await makeRoom(alice, "den");
      expect(await levelBy(alice, id)).toBe("write");
      expect(await levelBy(graph, id)).toBe("write");
      expect(await levelBy(bob, id)).toBe("none");
    });

    it("each level includes the ones before it", async () => {
      const { alice, bob } = await world(open);
      for (const level of ["none", "read", "connect", "write"] as const) {
        const id = await makeRoom(alice, level, (room) => room.grant(level));
        expect(await levelBy(bob, id)).toBe(level);
      }
    });

    it("a new edge may be read by whoever reads both its ends", async () => {
      const { alice, bob } = await world(open);
      const [id, from] = await alice.transaction((tx) => {
        const from = tx.create(Room, { name: "from" });
        const to = from.connect(Room, { name: "to" });
        from.grant("read");
        to.grant("read");
        const [door] = [from.link(to, via(Door))];
        return [door.id, from.id] as const;
      });
      const door = await bob.require(Door, id);
      expect(door.$access.all).toBe("read");
      expect((await bob.require(Room, from)).$access.all).toBe("read");
    });

    it("a root owns itself and nobody else sees it", async () => {
      const { graph, alice, bob, aliceId } = await world(open);
      expect((await graph.require(Root, aliceId)).$ownerId).toBe(aliceId);
      expect((await graph.require(Root, aliceId)).$access.all).toBe("none");
      expect(await alice.get(Root, aliceId)).toBeDefined();
      expect(await bob.get(Root, aliceId)).toBeUndefined();
    });

    it("what the system root creates is the system root's", async () => {
      const { graph, bob } = await world(open);
      const id = await makeRoom(graph, "machine");
      expect((await graph.require(Room, id)).$ownerId).toBe(systemRootId);
      expect(await levelBy(bob, id)).toBe("none");
    });

    it("what was created in this unit may be written in it, whatever grants say", async () => {
      const { alice } = await world(open);
      await alice.transaction(async (tx) => {
        const room = tx.create(Room, { name: "new" });
        const notice = tx.create(Notice, { says: "none" });
        notice.says = "read";
        room.allowRoot(tx.root, "none");
        await pause();
        room.name = "mine";
        expect(await tx.nodes(Room).count()).toBe(1);
      });
    });

    it("the greater of record.all and ownerRoot.all counts", async () => {
      const { alice, bob } = await world(open);
      const closed = await makeRoom(alice, "closed");
      const ajar = await makeRoom(alice, "ajar", (room) => room.grant("connect"));
      await alice.transaction((tx) => tx.root.grant("read"));
      expect(await levelBy(bob, closed)).toBe("read");
      expect(await levelBy(bob, ajar)).toBe("connect");
      await alice.transaction((tx) => tx.root.grant("write"));
      expect(await levelBy(bob, ajar)).toBe("write");
      await alice.transaction((tx) => tx.root.revoke());
      expect(await levelBy(bob, closed)).toBe("none");
      expect(await levelBy(bob, ajar)).toBe("connect");
    });

    it("an entry on the owner's root replaces both, up and down", async () => {
      const { alice, bob, bobId, graph } = await world(open);
      const carol = graph.as((await graph.createRoot()).id);
      const id = await makeRoom(alice, "open", (room) => room.grant("read"));
      await alice.transaction((tx) => tx.root.allowRoot(bobId, "write"));
      expect(await levelBy(bob, id)).toBe("write");
      expect(await levelBy(carol, id)).toBe("read");
      await alice.transaction((tx) => tx.root.allowRoot(bobId, "none"));
      expect(await levelBy(bob, id)).toBe("none");
      expect(await levelBy(carol, id)).toBe("read");
      await alice.transaction((tx) => tx.root.disallowRoot(bobId));
      expect(await levelBy(bob, id)).toBe("read");
    });

    it("an entry on the record has the last word, up and down", async () => {
      const { alice, bob, bobId } = await world(open);
      const down = await makeRoom(alice, "down", (room) => {
        room.grant("write");
        room.allowRoot(bobId, "none");
      });
      const up = await makeRoom(alice, "up", (room) => room.allowRoot(bobId, "connect"));
      await alice.transaction((tx) => {
        tx.root.grant("write");
        tx.root.allowRoot(bobId, "write");
      });
      expect(await levelBy(bob, down)).toBe("none");
      expect(await levelBy(bob, up)).toBe("connect");
      await alice.transaction((tx) => tx.root.allowRoot(bobId, "none"));
      expect(await levelBy(bob, up)).toBe("connect");
    });

    it("no entry locks the owner or the system root out", async () => {
      const { graph, alice, aliceId } = await world(open);
      const id = await makeRoom(alice, "mine", (room) => {
        room.allowRoot(aliceId, "none");
        room.allowRoot(systemRootId, "none");
      });
      expect(await levelBy(alice, id)).toBe("write");
      expect(await levelBy(graph, id)).toBe("write");
    });

    it("a type's own rule is final if it answers, and leaves the rest to grants", async () => {
      const { graph, alice, bob, bobId } = await world(open);
      const ids = await alice.transaction((tx) => {
        const shut = tx.create(Notice, { says: "none" });
        shut.grant("write");
        shut.allowRoot(bobId, "write");
        const open = tx.create(Notice, { says: "write" });
        open.allowRoot(bobId, "none");
        const silent = tx.create(Notice, {});
        silent.grant("read");
        const addressed = tx.create(Notice, { says: "none", reader: bobId });
        return [shut.id, open.id, silent.id, addressed.id] as const;
      });
      expect(await Promise.all(ids.map(async (id) => (await bob.get(Notice, id)) !== undefined))).toEqual([
        false,
        true,
        true,
        true,
      ]);
      expect(await Promise.all(ids.map(async (id) => (await alice.get(Notice, id)) !== undefined))).toEqual([
        true,
        true,
        true,
        true,
      ]);
      await bob.transaction(async (tx) => {
        (await tx.require(Notice, ids[1])).reader = "bob was here";
        const silent = await tx.require(Notice, ids[2]);
        await expectDenied(() => silent.delete(), ids[2], "write", "read");
      });
      await graph.transaction(async (tx) => {
        (await tx.require(Notice, ids[0])).says = "read";
      });
      expect(await bob.get(Notice, ids[0])).toBeDefined();
      expect(await bob.nodes(Notice).count()).toBe(4);
    });

    it("a rule sees the fields of that record alone and cannot change them", async () => {
      const seen: { record: object; me: string }[] = [];
      class Watched extends node(
        "Watched",
        { text: z.string(), tags: z.array(z.string()).default([]) },
        {
          access: (record, me) => {
            seen.push({ record, me });
            expect(() => {
              (record as { text: string }).text = "changed";
            }).toThrow(TypeError);
            expect(() => (record.tags as string[]).push("x")).toThrow(TypeError);
            return "read";
          },
        },
      ) {}
      const graph = await open({ types: [Watched] });
      const bob = (await graph.createRoot()).id;
      await graph.transaction((tx) => tx.create(Watched, { text: "as it was" }));
      expect((await graph.as(bob).nodes(Watched).all()).map(({ text }) => text)).toEqual(["as it was"]);
      expect(seen.length).toBeGreaterThan(0);
      for (const { record, me } of seen) {
        expect(me).toBe(bob);
        expect(Object.keys(Object.getPrototypeOf(record) as object)).toEqual(["text", "tags"]);
      }
    });

    it("a rule judges no record whose fields cannot be read", async () => {
      class Memo extends node("Memo", { draft: z.boolean() }) {}
      class Strict extends node(
        "Memo",
        { draft: z.boolean(), secret: z.boolean() },
        { access: (memo) => (memo.draft ? "none" : "read") },
      ) {}
      const here = open.place();
      const first = await here({ types: [Memo] });
      const bobId = (await first.createRoot()).id;
      await first.transaction((tx) => tx.create(Memo, { draft: true }));
      await first.close();
      const second = await here({ types: [Strict] });
      const readable = await second.transaction(
        (tx) => tx.create(Strict, { draft: false, secret: false }).id,
      );
      expect(await second.as(bobId).nodes(Strict).ids()).toEqual([readable]);
      expect(await second.as(bobId).nodes(Strict).count()).toBe(1);
    });

    it("a rule that answers later, or no level, lets nobody in", async () => {
      let answer: unknown = "read";
      class Odd extends node("Odd", { text: z.string() }, { access: () => answer as "read" }) {}
      const graph = await open({ types: [Odd] });
      const bob = graph.as((await graph.createRoot()).id);
      const id = await graph.transaction((tx) => tx.create(Odd, { text: "secret" }).id);
      expect(await bob.get(Odd, id)).toBeDefined();
      answer = Promise.resolve("read");
      await expect(bob.get(Odd, id)).rejects.toMatchObject({ code: "RW_DEFINITION_ASYNC" });
      await expect(bob.nodes(Odd).all()).rejects.toMatchObject({ code: "RW_DEFINITION_ASYNC" });
      answer = "admin";
      await expect(bob.nodes(Odd).count()).rejects.toMatchObject({ code: "RW_ACCESS_LEVEL" });
      expect(await graph.get(Odd, id)).toBeDefined();
    });
  });

  describe("edges", () => {
    async function pair(w: World, levelA: "none" | "read" | "connect" | "write", levelB: typeof levelA) {
      return w.alice.transaction((tx) => {
        const a = tx.create(Room, { name: "a" });
        const b = tx.create(Room, { name: "b" });
        a.grant(levelA);
        b.grant(levelB);
        const door = a.link(b, via(Door));
        return { a: a.id, b: b.id, door: door.id };
      });
    }

    it("are visible only with both their ends", async () => {
      const w = await world(open);
      for (const [levelA, levelB] of [
        ["read", "none"],
        ["none", "read"],
      ] as const) {
        const { a, b, door } = await pair(w, levelA, levelB);
        const visible = levelA === "read" ? a : b;
        expect(await w.bob.get(Door, door)).toBeUndefined();
        expect(await w.bob.edges(Door).count()).toBe(0);
        await w.bob.transaction(async (tx) => {
          const room = await tx.require(Room, visible);
          expect(await room.both(Door).count()).toBe(0);
          expect(await room.both().edges().all()).toEqual([]);
          expect(await room.both(Room).pairs().all()).toEqual([]);
        });
      }
      const { a, door } = await pair(w, "read", "read");
      expect((await w.bob.require(Door, door)).sourceId).toBe(a);
    });

    it("hide when they are closed themselves, though both ends can be read", async () => {
      const w = await world(open);
      const { a, door } = await pair(w, "read", "read");
      await w.alice.transaction(async (tx) => (await tx.require(Door, door)).revoke());
      expect(await w.bob.get(Door, door)).toBeUndefined();
      await w.bob.transaction(async (tx) => {
        expect(await (await tx.require(Room, a)).out(Door).all()).toEqual([]);
      });
      await w.alice.transaction(async (tx) => (await tx.require(Door, door)).allowRoot(w.bobId, "read"));
      await w.bob.transaction(async (tx) => {
        expect(await (await tx.require(Room, a)).out(Door).count()).toBe(1);
      });
    });

    it("need connect at both ends to be added", async () => {
      const w = await world(open);
      for (const [levelA, levelB] of [
        ["read", "connect"],
        ["connect", "read"],
        ["connect", "connect"],
      ] as const) {
        const { a, b } = await pair(w, levelA, levelB);
        await w.bob.transaction(async (tx) => {
          const [from, to] = [await tx.require(Room, a), await tx.require(Room, b)];
          if (levelA === "connect" && levelB === "connect") expect(from.link(to).sourceId).toBe(a);
          else {
            const closed = levelA === "read" ? a : b;
            await expectDenied(() => from.link(to, via(Door)), closed, "connect", "read");
            expect(await from.out().count()).toBe(1);
            expect(await tx.edges(Door).filter({ width: 1 }).count()).toBeGreaterThan(0);
          }
        });
      }
    });

    it("need write on them or on either end to be removed", async () => {
      const w = await world(open);
      for (const [levelA, levelB, levelEdge] of [
        ["connect", "connect", "connect"],
        ["write", "connect", "connect"],
        ["connect", "write", "connect"],
        ["read", "read", "write"],
      ] as const) {
        const { a, b, door } = await pair(w, levelA, levelB);
        await w.alice.transaction(async (tx) => (await tx.require(Door, door)).grant(levelEdge));
        const may = [levelA, levelB, levelEdge].includes("write");
        await w.bob.transaction(async (tx) => {
          const [from, to] = [await tx.require(Room, a), await tx.require(Room, b)];
          if (may) {
            expect(await from.disconnect(to)).toBe(1);
            expect(await from.out().count()).toBe(0);
            return;
          }
          await expectDenied(() => from.disconnect(to), door, "write", "connect");
          await expectDenied(() => from.out(Door).disconnectAll(), door, "write", "connect");
          const handed = await tx.require(Door, door);
          await expectDenied(() => handed.delete(), door, "write", "connect");
          expect(await from.out().count()).toBe(1);
        });
        expect((await w.alice.get(Door, door)) === undefined).toBe(may);
      }
    });

    it("have rules of their own", async () => {
      const w = await world(open);
      const [a, ids] = await w.alice.transaction((tx) => {
        const a = tx.create(Room, { name: "a" });
        const b = tx.create(Room, { name: "b" });
        a.grant("read");
        b.grant("read");
        return [
          a.id,
          ["none", "read", "write", ""].map((says) => a.link(b, via(Wire, { says })).id),
        ] as const;
      });
      const [none, read, write, silent] = ids as [Id, Id, Id, Id];
      await w.bob.transaction(async (tx) => {
        const room = await tx.require(Room, a);
        expect(await room.out(Wire).edges().ids()).toEqual([read, write, silent]);
        expect(await tx.edges(Wire).ids()).toEqual([read, write, silent]);
        expect(await tx.get(Wire, none)).toBeUndefined();
        const wire = await tx.require(Wire, read);
        await expectDenied(() => wire.delete(), read, "write", "read");
        (await tx.require(Wire, write)).delete();
        expect(await room.out(Wire).edges().ids()).toEqual([read, silent]);
      });
    });

    it("are gone with a node that its owner deletes, whoever made them", async () => {
      const w = await world(open);
      const { a, b } = await pair(w, "connect", "connect");
      const made = await w.bob.transaction(async (tx) => {
        const from = await tx.require(Room, a);
        return from.link(await tx.require(Room, b), via(Wire)).id;
      });
      await w.alice.transaction(async (tx) => (await tx.require(Room, a)).delete());
      expect(await w.bob.get(Wire, made)).toBeUndefined();
      expect(await w.bob.get(Room, b)).toBeDefined();
    });

    it("whose end became unreadable in this unit say no more about it", async () => {
      const w = await world(open);
      const { b, door } = await pair(w, "read", "write");
      await w.bob.transaction(async (tx) => {
        const handed = await tx.require(Door, door);
        const end = await handed.target();
        end.allowRoot(w.bobId, "none");
        expect(await tx.get(Room, b)).toBeUndefined();
        expect(await tx.get(Door, door)).toBeUndefined();
        await expect(handed.target()).rejects.toBeInstanceOf(NotFoundError);
        expect(await tx.edges(Door).count()).toBe(0);
      });
    });
  });

  describe("denial", () => {
    it("is thrown at the call, with target, required and actual level, and leaves no trace", async () => {
      const { alice, bob, bobId, aliceId } = await world(open);
      const id = await makeRoom(alice, "shown", (room) => room.grant("read"));
      await bob.transaction(async (tx) => {
        const room = await tx.require(Room, id);
        const before = JSON.stringify([room, room.$access, room.$ownerId]);
        await expectDenied(
          () => {
            room.name = "taken";
          },
          id,
          "write",
          "read",
        );
        await expectDenied(
          () =>
            room.update((draft) => {
              draft.name = "taken";
            }),
          id,
          "write",
          "read",
        );
        await expectDenied(() => room.delete(), id, "write", "read");
        await expectDenied(() => room.grant("write"), id, "write", "read");
        await expectDenied(() => room.revoke(), id, "write", "read");
        await expectDenied(() => room.allowRoot(bobId, "write"), id, "write", "read");
        await expectDenied(() => room.disallowRoot(aliceId), id, "write", "read");
        await expectDenied(() => room.connect(Room, { name: "annex" }), id, "connect", "read");
        await expectDenied(() => room.connect(Room, [{ name: "a" }, { name: "b" }]), id, "connect", "read");
        await expectDenied(() => room.link(tx.root), id, "connect", "read");
        await expectDenied(() => tx.root.link(room), id, "connect", "read");
        await expectDenied(
          () =>
            tx.nodes(Room).updateAll((draft) => {
              draft.name = "taken";
            }),
          id,
          "write",
          "read",
        );
        await expectDenied(() => tx.nodes(Room).deleteAll(), id, "write", "read");
        expect(JSON.stringify([room, room.$access, room.$ownerId])).toBe(before);
        expect(await tx.nodes(Room).count()).toBe(1);
        expect(await tx.root.both().count()).toBe(0);
        tx.root.connect(Room, { name: "mine" });
      });
      expect((await bob.nodes(Room).all()).map(({ name }) => name)).toEqual(["shown", "mine"]);
      expect((await alice.nodes(Room).all()).map(({ name }) => name)).toEqual(["shown"]);
    });

    it("of one record leaves the whole of updateAll and deleteAll undone", async () => {
      const { alice, bob } = await world(open);
      await makeRoom(alice, "first", (room) => room.grant("write"));
      await makeRoom(alice, "second", (room) => room.grant("read"));
      await bob.transaction(async (tx) => {
        const names = async () => (await tx.nodes(Room).all()).map(({ name }) => name);
        const rename = (draft: { name: string }) => {
          draft.name = "renamed";
        };
        expect(await thrownBy(() => tx.nodes(Room).updateAll(rename))).toBeInstanceOf(AccessDeniedError);
        expect(await names()).toEqual(["first", "second"]);
        expect(await thrownBy(() => tx.nodes(Room).deleteAll())).toBeInstanceOf(AccessDeniedError);
        expect(await names()).toEqual(["first", "second"]);
        expect(await tx.nodes(Room, { name: "first" }).updateAll(rename)).toBe(1);
        expect(await names()).toEqual(["renamed", "second"]);
      });
      expect((await alice.nodes(Room).all()).map(({ name }) => name)).toEqual(["renamed", "second"]);
    });

    it("of one edge leaves the whole of disconnect undone", async () => {
      const { alice, bob } = await world(open);
      const [a, b] = await alice.transaction((tx) => {
        const a = tx.create(Room, { name: "a" });
        const b = tx.create(Room, { name: "b" });
        a.grant("read");
        b.grant("read");
        a.link(b, via(Door)).grant("write");
        a.link(b, via(Door));
        return [a.id, b.id] as const;
      });
      await bob.transaction(async (tx) => {
        const [from, to] = [await tx.require(Room, a), await tx.require(Room, b)];
        expect(await thrownBy(() => from.disconnect(to))).toBeInstanceOf(AccessDeniedError);
        expect(await from.out(Door).edges().count()).toBe(2);
        expect(await thrownBy(() => from.out(Door).disconnectAll())).toBeInstanceOf(AccessDeniedError);
        expect(await from.out(Door).edges().count()).toBe(2);
      });
    });

    it("caught by nobody discards the unit", async () => {
      const { alice, bob } = await world(open);
      await makeRoom(alice, "shown", (room) => room.grant("read"));
      await expect(
        bob.transaction(async (tx) => {
          tx.root.connect(Room, { name: "half" });
          await tx.nodes(Room, { name: "shown" }).deleteAll();
        }),
      ).rejects.toBeInstanceOf(AccessDeniedError);
      expect(await bob.nodes(Room).count()).toBe(1);
    });

    it("within a walk is the walker's to catch", async () => {
      const { alice, bob } = await world(open);
      const id = await makeRoom(alice, "shown", (room) => room.grant("read"));
      const scribble = walker("scribble", {}).entry(Room, (w, room) => {
        try {
          room.name = "scribbled";
        } catch (error) {
          w.report((error as AccessDeniedError).actual);
        }
        w.visit(w.root.connect(Notice, { says: "" }));
      });
      const run = await bob.spawn(scribble, {}, { at: id });
      expect(run.reports).toEqual(["read"]);
      expect(await bob.nodes(Notice).count()).toBe(1);
      expect((await alice.require(Room, id)).name).toBe("shown");
    });
  });

  describe("grants", () => {
    it("need write, and one who has it can pass it on", async () => {
      const { graph, alice, bob, bobId } = await world(open);
      const carolId = (await graph.createRoot()).id;
      const id = await makeRoom(alice, "shared", (room) => room.allowRoot(bobId, "write"));
      await bob.transaction(async (tx) => (await tx.require(Room, id)).allowRoot(carolId, "connect"));
      expect(await levelBy(graph.as(carolId), id)).toBe("connect");
      expect([...(await alice.require(Room, id)).$access.roots]).toEqual([
        [bobId, "write"],
        [carolId, "connect"],
      ]);
    });

    it("leave the fields alone and conflict with no write to them", async () => {
      const { alice } = await world(open);
      const id = await makeRoom(alice, "shared");
      let runs = 0;
      await alice.transaction(async (tx) => {
        runs += 1;
        const room = await tx.require(Room, id);
        room.name = `renamed ${runs}`;
      });
      await Promise.all([
        alice.transaction(async (tx) => {
          const room = await tx.require(Room, id);
          await pause();
          room.grant("read");
        }),
        alice.transaction(async (tx) => {
          const room = await tx.require(Room, id);
          await pause();
          room.size = 7;
        }),
      ]);
      const room = await alice.require(Room, id);
      expect([room.name, room.size, room.$access.all]).toEqual(["renamed 1", 7, "read"]);
    });

    it("of two units at once are both kept", async () => {
      const { graph, alice } = await world(open);
      const id = await makeRoom(alice, "shared");
      const others = [await graph.createRoot(), await graph.createRoot(), await graph.createRoot()];
      await Promise.all(
        others.map((other) =>
          alice.transaction(async (tx) => (await tx.require(Room, id)).allowRoot(other, "read")),
        ),
      );
      const { roots } = (await alice.require(Room, id)).$access;
      expect(others.map((other) => roots.get(other.id))).toEqual(["read", "read", "read"]);
    });

    it("are seen at once in the unit that makes them", async () => {
      const { alice, bob, bobId } = await world(open);
      const id = await makeRoom(alice, "shared", (room) => room.grant("write"));
      await bob.transaction(async (tx) => {
        const room = await tx.require(Room, id);
        room.allowRoot(bobId, "read");
        expect(room.$access.roots.get(bobId)).toBe("read");
        await expectDenied(
          () => {
            room.name = "too late";
          },
          id,
          "write",
          "read",
        );
        await expectDenied(() => room.allowRoot(bobId, "write"), id, "write", "read");
        expect(await tx.nodes(Room).count()).toBe(1);
      });
      expect(await levelBy(bob, id)).toBe("read");
    });

    it("on an owner's root are seen at once in the unit that makes them", async () => {
      const { alice, bob, bobId, aliceId } = await world(open);
      const id = await makeRoom(alice, "hers");
      await alice.transaction((tx) => tx.root.allowRoot(bobId, "write"));
      await bob.transaction(async (tx) => {
        const hers = await tx.require(Root, aliceId);
        const room = await tx.require(Room, id);
        hers.allowRoot(bobId, "read");
        expect(await tx.nodes(Room).count()).toBe(1);
        await expectDenied(() => room.delete(), id, "write", "read");
        await expectDenied(() => hers.allowRoot(bobId, "write"), aliceId, "write", "read");
      });
      await alice.transaction((tx) => tx.root.allowRoot(bobId, "write"));
      await bob.transaction(async (tx) => {
        (await tx.require(Root, aliceId)).allowRoot(bobId, "none");
        expect(await tx.nodes(Room).count()).toBe(0);
        expect(await tx.get(Room, id)).toBeUndefined();
        expect(await tx.get(Root, aliceId)).toBeUndefined();
      });
      expect(await levelBy(bob, id)).toBe("none");
    });

    it("refuse what is no level and what is no root", async () => {
      const { alice, bobId } = await world(open);
      await alice.transaction(async (tx) => {
        const room = tx.create(Room, { name: "den" });
        expect(() => room.grant("admin" as "read")).toThrow(
          expect.objectContaining({ code: "RW_ACCESS_LEVEL" }),
        );
        expect(() => room.allowRoot(bobId, "all" as "read")).toThrow(
          expect.objectContaining({ code: "RW_ACCESS_LEVEL" }),
        );
        expect(() => room.allowRoot("bob" as Id, "read")).toThrow();
        expect(() => room.allowRoot(room as unknown as Root, "read")).toThrow(TypeError);
        expect(() => room.allowRoot(undefined as unknown as Id, "read")).toThrow();
        await pause();
        expect(room.$access.all).toBe("none");
        expect(room.$access.roots.size).toBe(0);
      });
    });

    it("cannot be changed through what $access hands out", async () => {
      const { alice, bob, bobId } = await world(open);
      const id = await makeRoom(alice, "shared", (room) => room.allowRoot(bobId, "read"));
      await bob.transaction(async (tx) => {
        const room = await tx.require(Room, id);
        const access = room.$access as unknown as { all: string; roots: Map<string, string> };
        try {
          access.all = "write";
        } catch {}
        try {
          access.roots.set(bobId, "write");
        } catch {}
        try {
          access.roots.delete(bobId);
        } catch {}
        await expectDenied(() => room.delete(), id, "write", "read");
      });
      expect(await levelBy(bob, id)).toBe("read");
      expect((await alice.require(Room, id)).$access.roots.get(bobId)).toBe("read");
    });

    it("change what open units see only together with a conflict", async () => {
      const { alice, bob, bobId } = await world(open);
      const id = await makeRoom(alice, "shared", (room) => room.grant("read"));
      const changes = [
        async (tx: Tx) => (await tx.require(Room, id)).allowRoot(bobId, "none"),
        async (tx: Tx) => (await tx.require(Room, id)).disallowRoot(bobId),
        async (tx: Tx) => tx.root.allowRoot(bobId, "none"),
        async (tx: Tx) => tx.root.disallowRoot(bobId),
        async (tx: Tx) => (await tx.require(Room, id)).revoke(),
        async (tx: Tx) => tx.root.grant("write"),
        async (tx: Tx) => tx.root.revoke(),
      ] as const;
      const seen: [number, number, number][] = [];
      for (const [i, change] of changes.entries()) {
        let runs = 0;
        await bob.transaction(async (tx) => {
          runs += 1;
          const before = await tx.nodes(Room).count();
          if (runs === 1) await alice.transaction(change);
          const after = (await tx.get(Room, id)) === undefined ? 0 : 1;
          expect(after).toBe(before);
          seen[i] = [runs, before, after];
        });
      }
      expect(seen).toEqual([
        [2, 0, 0],
        [2, 1, 1],
        [2, 0, 0],
        [2, 1, 1],
        [2, 0, 0],
        [2, 1, 1],
        [2, 0, 0],
      ]);
    });

    it("to others conflict with nobody else's unit", async () => {
      const { graph, alice, bob, bobId } = await world(open);
      const carolId = (await graph.createRoot()).id;
      await makeRoom(alice, "shared");
      await alice.transaction((tx) => tx.root.allowRoot(bobId, "read"));
      let runs = 0;
      await bob.transaction(async (tx) => {
        runs += 1;
        expect(await tx.nodes(Room).count()).toBe(1);
        if (runs === 1) await alice.transaction((other) => other.root.allowRoot(carolId, "read"));
        expect(await tx.nodes(Room).count()).toBe(1);
        tx.root.connect(Room, { name: "bob's" });
      });
      expect(runs).toBe(1);
    });

    it("taken away meanwhile take the write with them", async () => {
      const { alice, bob, bobId } = await world(open);
      for (const take of [
        async (tx: Tx, id: Id) => (await tx.require(Room, id)).allowRoot(bobId, "read"),
        async (tx: Tx) => tx.root.allowRoot(bobId, "read"),
      ]) {
        const id = await makeRoom(alice, "shared");
        await alice.transaction((tx) => tx.root.allowRoot(bobId, "write"));
        let runs = 0;
        await expectDenied(
          () =>
            bob.transaction(async (tx) => {
              runs += 1;
              const room = await tx.require(Room, id);
              room.name = "bob's";
              if (runs === 1) await alice.transaction((other) => take(other, id));
            }),
          id,
          "write",
          "read",
        );
        expect(runs).toBe(2);
        expect((await alice.require(Room, id)).name).toBe("shared");
      }
    });

    it("on an end of an edge that a unit was handed conflict with it", async () => {
      const { alice, bob } = await world(open);
      const [b, door] = await alice.transaction((tx) => {
        const a = tx.create(Room, { name: "a" });
        const b = tx.create(Room, { name: "b" });
        a.grant("read");
        b.grant("read");
        return [b.id, a.link(b, via(Door)).id] as const;
      });
      for (const read of [
        async (tx: Tx) => ((await tx.get(Door, door)) === undefined ? 0 : 1),
        (tx: Tx) => tx.edges(Door).count(),
      ]) {
        await alice.transaction(async (tx) => (await tx.require(Room, b)).grant("read"));
        let runs = 0;
        const counts: number[][] = [];
        await bob.transaction(async (tx) => {
          runs += 1;
          const before = await read(tx);
          if (runs === 1) await alice.transaction(async (other) => (await other.require(Room, b)).revoke());
          counts.push([before, await read(tx)]);
          tx.root.connect(Room, { name: `saw ${before}` });
        });
        expect([runs, counts.at(-1)]).toEqual([2, [0, 0]]);
      }
    });
  });

  describe("what may not be read", () => {
    it("is absent from every way of reading", async () => {
      const { graph, alice, bob } = await world(open);
      const { hub, shown, hidden, toHidden } = await alice.transaction((tx) => {
        const hub = tx.create(Room, { name: "hub", size: 1 });
        const shown = hub.connect(Room, { name: "shown", size: 2 }, via(Door));
        const [toHidden] = [tx.create(Room, { name: "hidden", size: 3 })];
        const door = hub.link(toHidden, via(Door));
        const beyond = toHidden.connect(Room, { name: "beyond", size: 4 }, via(Door));
        for (const room of [hub, shown, beyond]) room.grant("read");
        return { hub: hub.id, shown: shown.id, hidden: toHidden.id, toHidden: door.id };
      });
      await bob.transaction(async (tx) => {
        expect(await tx.get(Room, hidden)).toBeUndefined();
        expect(await tx.get(Door, toHidden)).toBeUndefined();
        await expect(tx.require(Room, hidden)).rejects.toBeInstanceOf(NotFoundError);
        expect((await tx.nodes(Room).all()).map(({ name }) => name)).toEqual(["hub", "shown", "beyond"]);
        expect(await tx.nodes(Room).count()).toBe(3);
        expect(await tx.nodes(Room, { name: "hidden" }).exists()).toBe(false);
        expect(await tx.nodes(Room, { size: 3 }).first()).toBeUndefined();
        expect((await tx.nodes(Room).orderBy("size", "desc").limit(2).all()).map(({ size }) => size)).toEqual(
          [4, 2],
        );
        const room = await tx.require(Room, hub);
        expect(await room.out(Door).ids()).toEqual([shown]);
        expect(await room.out(Room, {}, { depth: [0, 5] }).ids()).toEqual([hub, shown]);
        expect(await room.out().out().count()).toBe(0);
        expect(await room.out(Door).edges().count()).toBe(1);
        expect((await room.out(Door).pairs().all()).map(({ node }) => (node as Room).name)).toEqual([
          "shown",
        ]);
        expect(await tx.edges(Door).count()).toBe(1);
        const page = await tx.nodes(Room).limit(2).page();
        expect(page.items.map(({ name }) => name)).toEqual(["hub", "shown"]);
        const rest = await tx
          .nodes(Room)
          .after(page.next as string)
          .page();
        expect(rest.items.map(({ name }) => name)).toEqual(["beyond"]);
        expect(rest.next).toBeUndefined();
        expect(page.next).not.toContain(hidden);
      });
      const seen: string[] = [];
      for await (const room of bob.nodes(Room)) seen.push(room.name);
      expect(seen).toEqual(["hub", "shown", "beyond"]);
      expect((await graph.nodes(Room).all()).length).toBe(4);
    });

    it("cannot be walked to, by any kind of visit", async () => {
      const { alice, bob } = await world(open);
      const w1 = await alice.transaction((tx) => {
        const hub = tx.create(Room, { name: "hub" });
        const hidden = hub.connect(Room, { name: "hidden" }, via(Door));
        hub.grant("read");
        return { hub: hub.id, hidden: hidden.id };
      });
      const found: string[] = [];
      let handed: Room | undefined;
      await alice.transaction(async (tx) => {
        handed = await tx.require(Room, w1.hidden);
      });
      const prowl = walker("prowl", {})
        .entry(Room, (w, room) => {
          found.push(room.name);
          w.visit(room.out());
          w.visit(room.out(Door).edges()).else(() => found.push("no edges"));
          w.visit([handed as Room]).else(() => found.push("not handed"));
          w.visit(w.nodes(Room, { name: "hidden" })).else(() => found.push("not found"));
        })
        .entry(Door, () => found.push("door"));
      await bob.spawn(prowl, {}, { at: w1.hub });
      expect(found).toEqual(["hub", "no edges", "not handed", "not found"]);
      expect((await bob.spawn(prowl, {}, { at: w1.hidden })).visits).toBe(0);
      expect((await bob.spawn(prowl, {}, { at: handed as Room })).visits).toBe(0);
    });

    it("is told by no error message", async () => {
      const { alice, bob } = await world(open);
      const id = await alice.transaction((tx) => tx.create(Key, { code: "1234" }).id);
      const error = await thrownBy(() => bob.transaction((tx) => tx.create(Key, { code: "1234" })));
      expect(error).toBeInstanceOf(UniqueViolationError);
      const told = JSON.stringify(error) + String(error) + (error as Error).stack;
      expect(told).not.toContain(id);
      expect(error).toMatchObject({ type: "Key", fields: ["code"], values: ["1234"] });

      const missing = "018f0000-0000-7000-8000-000000000000" as Id;
      const messages = await Promise.all(
        [id, missing].map(async (each) =>
          String(await thrownBy(() => bob.require(Key, each))).replaceAll(each, "…"),
        ),
      );
      expect(messages[0]).toBe(messages[1]);
      let handed: Key | undefined;
      await alice.transaction(async (tx) => {
        handed = await tx.require(Key, id);
        await bob.transaction(async (other) => {
          expect(await thrownBy(() => other.root.link(handed as Key))).toBeInstanceOf(NotFoundError);
          expect(await thrownBy(() => other.root.disconnect(handed as Key))).toBeInstanceOf(NotFoundError);
        });
      });
    });

    it("makes ensure create, and the unique key decides", async () => {
      const { alice, bob } = await world(open);
      await alice.transaction((tx) => tx.create(Key, { code: "1" }));
      await expect(bob.transaction((tx) => tx.ensure(Key, { code: "1" }))).rejects.toBeInstanceOf(
        UniqueViolationError,
      );
      await expect(bob.transaction((tx) => tx.ensure(Key, { code: "1" }))).rejects.toMatchObject({
        remedy: expect.stringContaining("a record that this principal may not read has it"),
      });
      await alice.transaction(async (tx) => (await tx.nodes(Key).one()).grant("read"));
      expect((await bob.transaction((tx) => tx.ensure(Key, { code: "1" }))).code).toBe("1");
    });
  });

  describe("roots", () => {
    it("are made by createRoot and listed by roots, without the system's", async () => {
      const { graph, aliceId, bobId } = await world(open);
      expect(await graph.roots().ids()).toEqual([aliceId, bobId]);
      expect(await graph.roots().count()).toBe(2);
      expect(await graph.roots().reverse().ids()).toEqual([bobId, aliceId]);
      expect(await graph.roots().limit(1).ids()).toEqual([aliceId]);
      expect((await graph.roots().first())?.id).toBe(aliceId);
      const page = await graph.roots().limit(1).page();
      expect(
        (
          await graph
            .roots()
            .after(page.next as string)
            .page()
        ).items.map(({ id }) => id),
      ).toEqual([bobId]);
      const seen: Id[] = [];
      for await (const root of graph.roots()) seen.push(root.id);
      expect(seen).toEqual([aliceId, bobId]);
    });

    it("act through as(), given as a root or its id", async () => {
      const { graph, aliceId } = await world(open);
      const root = await graph.require(Root, aliceId);
      expect(graph.as(root).root.id).toBe(aliceId);
      const id = await makeRoom(graph.as(root), "hers");
      expect((await graph.as(aliceId).require(Room, id)).$ownerId).toBe(aliceId);
      expect(() => graph.as("alice" as Id)).toThrow(TypeError);
      expect(() => graph.as({} as Root)).toThrow(TypeError);
    });

    it("that are none can do nothing", async () => {
      const { graph, alice, aliceId } = await world(open);
      const room = await makeRoom(alice, "public", (each) => each.grant("write"));
      const nobody = "018f0000-0000-7000-8000-000000000001" as Id;
      for (const id of [nobody, room]) {
        const session = graph.as(id);
        await expect(session.get(Room, room)).rejects.toBeInstanceOf(NotFoundError);
        await expect(session.nodes(Room).all()).rejects.toBeInstanceOf(NotFoundError);
        await expect(session.nodes(Room).deleteAll()).rejects.toBeInstanceOf(NotFoundError);
        await expect(session.root.out().count()).rejects.toBeInstanceOf(NotFoundError);
        await expect(session.transaction(() => 1)).rejects.toBeInstanceOf(NotFoundError);
        await expect(session.spawn(walker("idle", {}), {})).rejects.toBeInstanceOf(NotFoundError);
      }
      expect(await alice.get(Root, aliceId)).toBeDefined();
    });

    it("go by deleteRoot alone, with everything they own", async () => {
      const { graph, alice, bob, aliceId } = await world(open);
      const bobs = await makeRoom(bob, "bob's", (room) => room.grant("connect"));
      await alice.transaction(async (tx) => {
        const first = tx.root.connect(Room, { name: "hers" });
        first.grant("write");
        first.link(await tx.require(Room, bobs), via(Door));
        for (let i = 0; i < 30; i++) tx.create(Key, { code: `${i}` });
      });
      await expect(alice.transaction((tx) => (tx.root as unknown as Room).delete())).rejects.toMatchObject({
        code: "RW_ROOT_DELETE",
      });
      await expect(graph.transaction((tx) => tx.nodes(Root).deleteAll())).rejects.toMatchObject({
        code: "RW_ROOT_DELETE",
      });
      await graph.deleteRoot(aliceId);
      expect(await graph.nodes(Key).count()).toBe(0);
      expect((await graph.nodes(Room).all()).map(({ id }) => id)).toEqual([bobs]);
      expect(await graph.edges(Edge).count()).toBe(0);
      expect(await graph.edges(Door).count()).toBe(0);
      expect((await graph.roots().all()).length).toBe(1);
      await expect(alice.nodes(Room).count()).rejects.toBeInstanceOf(NotFoundError);
      await expect(alice.transaction(() => 1)).rejects.toBeInstanceOf(NotFoundError);
      await graph.deleteRoot(aliceId);
    });

    it("take what they own out of sight at once; a second call takes up what was cut short", async () => {
      const commits = { left: Number.POSITIVE_INFINITY };
      const graph = await open({ types, store: stopping(open.store.place()(), commits) });
      const [alice, bob] = [await graph.createRoot(), await graph.createRoot()];
      const id = await makeRoom(graph.as(alice), "public", (room) => room.grant("write"));
      for (let i = 0; i < 3; i++) await makeRoom(graph.as(alice), `${i}`);
      expect(await graph.as(bob).get(Room, id)).toBeDefined();
      commits.left = 1;
      await expect(graph.deleteRoot(alice.id)).rejects.toThrow();
      expect(await graph.as(bob).get(Room, id)).toBeUndefined();
      expect(await graph.as(bob).nodes(Room).count()).toBe(0);
      await expect(graph.as(alice.id).nodes(Room).count()).rejects.toBeInstanceOf(NotFoundError);
      expect(await graph.nodes(Room).count()).toBe(4);
      commits.left = Number.POSITIVE_INFINITY;
      await graph.deleteRoot(alice.id);
      expect(await graph.nodes(Room).count()).toBe(0);
    });

    it("are not deleted by mistake", async () => {
      const { graph, alice, aliceId } = await world(open);
      const id = await makeRoom(alice, "a room");
      await expect(graph.deleteRoot(systemRootId)).rejects.toMatchObject({ code: "RW_ROOT_DELETE" });
      await expect(graph.deleteRoot(id)).rejects.toThrow();
      await expect(graph.deleteRoot("nobody" as Id)).rejects.toBeInstanceOf(TypeError);
      expect(await graph.get(Room, id)).toBeDefined();
      expect(await graph.get(Root, aliceId)).toBeDefined();
      expect("deleteRoot" in alice).toBe(false);
      expect("createRoot" in alice).toBe(false);
      expect("as" in alice).toBe(false);
    });

    it("deleted meanwhile end the units that act as them", async () => {
      const { graph, alice, aliceId } = await world(open);
      let runs = 0;
      await expect(
        alice.transaction(async (tx) => {
          runs += 1;
          tx.create(Room, { name: "ghost" });
          if (runs === 1) await graph.deleteRoot(aliceId);
        }),
      ).rejects.toBeInstanceOf(NotFoundError);
      expect(await graph.nodes(Room).count()).toBe(0);
    });

    it("are made by the system root alone", async () => {
      const { graph, alice } = await world(open);
      await expect(alice.transaction((tx) => tx.create(Root as never, {}))).rejects.toBeInstanceOf(
        AccessDeniedError,
      );
      await expect(alice.transaction((tx) => tx.root.connect(Root as never, {}))).rejects.toBeInstanceOf(
        AccessDeniedError,
      );
      await expect(graph.transaction((tx) => tx.create(Root as never, {}))).rejects.toThrow(
        /use graph\.createRoot/,
      );
      await expect(graph.transaction((tx) => tx.root.connect(Root as never, {}))).rejects.toThrow(TypeError);
      const { id: made } = await graph.createRoot();
      expect((await graph.require(Root, made)).$ownerId).toBe(made);
    });
  });

  describe("walkers", () => {
    it("act as the session that spawned them, in every handler and nested walk", async () => {
      const { alice, bob, bobId } = await world(open);
      const id = await makeRoom(alice, "lobby", (room) => room.grant("connect"));
      const inner = walker("inner", {}).entry(Room, (w, room) => {
        w.report(w.root.id);
        room.connect(Notice, {});
      });
      const outer = walker("outer", {}).entry(Room, async (w, room) => {
        w.report(w.root.id);
        const run = await w.spawn(inner, {}, { at: room });
        w.report(...(run.reports as [unknown]));
        await expectDenied(() => room.delete(), id, "write", "connect");
      });
      const run = await bob.spawn(outer, {}, { at: id });
      expect(run.reports).toEqual([bobId, bobId]);
      const [notice] = await bob.nodes(Notice).all();
      expect(notice?.$ownerId).toBe(bobId);
      expect(await alice.nodes(Notice).count()).toBe(0);
    });

    it("pass over what became unreadable before its turn", async () => {
      const { alice, bob, bobId } = await world(open);
      const ids = await alice.transaction((tx) => {
        const hub = tx.create(Room, { name: "hub" });
        const rooms = hub.connect(Room, [{ name: "a" }, { name: "b" }, { name: "c" }], via(Door));
        for (const room of [hub, ...rooms]) room.grant("write");
        return { hub: hub.id, b: (rooms[1] as Room).id };
      });
      const names: string[] = [];
      const lock = walker("lock", {})
        .entry(Room, async (w, room) => {
          names.push(room.name);
          if (room.name === "hub") w.visit(room.out(Door).edges());
          if (room.name === "a") (await w.require(Room, ids.b)).allowRoot(bobId, "none");
        })
        .entry(Door, () => names.push("door"));
      await bob.spawn(lock, {}, { at: ids.hub });
      expect(names).toEqual(["hub", "door", "a", "door", "c"]);
    });

    it("stop at a far end that the edge's visitor cannot see", async () => {
      const { alice, bob } = await world(open);
      const { doorId, hub } = await alice.transaction((tx) => {
        const hub = tx.create(Room, { name: "hub" });
        const end = tx.create(Room, { name: "end" });
        hub.grant("read");
        end.grant("read");
        return { doorId: hub.link(end, via(Door)).id, hub: hub.id };
      });
      let door: Door | undefined;
      await bob.transaction(async (tx) => {
        door = await tx.require(Door, doorId);
      });
      await alice.transaction(async (tx) => (await (await tx.require(Door, doorId)).target()).revoke());
      const names: string[] = [];
      const cross = walker("cross", {})
        .entry(Room, (w, room) => {
          names.push(room.name);
          if (names.length === 1) w.visit(door as Door).else(() => names.push("nothing"));
        })
        .entry(Door, () => names.push("door"));
      await bob.spawn(cross, {}, { at: hub });
      expect(names).toEqual(["hub", "nothing"]);
    });
  });

  describe("records", () => {
    it("say their last state after their unit, and nothing of others", async () => {
      const { graph, alice, aliceId, bobId } = await world(open);
      const made = await alice.transaction((tx) => {
        const a = tx.create(Room, { name: "a" });
        const b = tx.create(Room, { name: "b" });
        a.allowRoot(bobId, "read");
        return { room: a, door: a.link(b, via(Door)), a: a.id, b: b.id };
      });
      const read = await alice.require(Door, made.door.id);
      const room = await alice.require(Room, made.a);
      for (let i = 0; i < 100; i++) await makeRoom(graph, `filler ${i}`);
      for (const door of [made.door, read]) {
        expect([door.sourceId, door.targetId]).toEqual([made.a, made.b]);
        expect(door.$ownerId).toBe(aliceId);
        expect(door.$access.all).toBe("read");
        await expect(door.source()).rejects.toBeInstanceOf(ClosedError);
      }
      for (const each of [made.room, room]) {
        expect(each.$ownerId).toBe(aliceId);
        expect([...each.$access.roots]).toEqual([[bobId, "read"]]);
        expect(() => each.grant("write")).toThrow(ClosedError);
        expect(() => {
          each.name = "changed";
        }).toThrow(ClosedError);
      }
    });

    it("of one session are no key for another", async () => {
      const { alice, bob } = await world(open);
      const id = await makeRoom(alice, "hers");
      const shownId = await makeRoom(alice, "open", (room) => room.grant("read"));
      await alice.transaction(async (tx) => {
        const hers = await tx.require(Room, id);
        const shown = await tx.require(Room, shownId);
        await bob.transaction(async (other) => {
          expect(await thrownBy(() => other.root.link(hers))).toBeInstanceOf(NotFoundError);
          await expectDenied(() => other.root.link(shown), shownId, "connect", "read");
          expect(await other.root.out().count()).toBe(0);
        });
      });
    });

    it("of session.root tell no rights that they do not know", async () => {
      const { alice, bobId } = await world(open);
      await alice.transaction((tx) => tx.root.allowRoot(bobId, "read"));
      expect(() => alice.root.$access).toThrow(ClosedError);
      expect(() => alice.root.grant("write")).toThrow(ClosedError);
      expect(() => alice.root.connect(Room, { name: "x" })).toThrow(ClosedError);
      expect(await alice.root.out().count()).toBe(0);
    });
  });

  if (open.store.isShared) {
    describe("two graphs on one place", () => {
      it("see each other's grants, deletions and roots", async () => {
        const here = open.place();
        const one = await here({ types });
        const two = await here({ types });
        const aliceId = (await one.createRoot()).id;
        const bobId = (await one.createRoot()).id;
        await two.refresh();
        const id = await makeRoom(one.as(aliceId), "far");
        const count = async (): Promise<number> => {
          await two.refresh();
          return two.as(bobId).nodes(Room).count();
        };
        const change = (f: (tx: Tx) => unknown) => one.as(aliceId).transaction(f);
        expect(await count()).toBe(0);
        await change(async (tx) => (await tx.require(Room, id)).grant("read"));
        expect(await count()).toBe(1);
        await change((tx) => tx.root.allowRoot(bobId, "none"));
        expect(await count()).toBe(0);
        await change(async (tx) => (await tx.require(Room, id)).allowRoot(bobId, "write"));
        expect(await count()).toBe(1);
        await change(async (tx) => (await tx.require(Room, id)).disallowRoot(bobId));
        expect(await count()).toBe(0);
        await change((tx) => tx.root.disallowRoot(bobId));
        expect(await count()).toBe(1);
        await one.deleteRoot(aliceId);
        expect(await count()).toBe(0);
        await expect(two.as(aliceId).nodes(Room).count()).rejects.toBeInstanceOf(NotFoundError);
      });

      it("judge nobody before what the owner's root grants is known", async () => {
        const here = open.place();
        const one = await here({ types });
        const users: Id[] = [];
        for (let i = 0; i < 4; i++) users.push((await one.createRoot()).id);
        const hubs: Id[] = [];
        for (let i = 0; i < 4; i++) {
          const owner = await one.createRoot();
          await one.as(owner).transaction((tx) => {
            tx.root.grant("read");
            const hub = tx.root.connect(Room, { name: "hub" });
            hub.connect(Room, [{ name: "a" }, { name: "b" }], via(Door));
            hubs.push(hub.id);
          });
        }
        for (let round = 0; round < 8; round++) {
          const two = await here({ types });
          const counts = await Promise.all(
            users.map(async (user, i) => {
              const session = two.as(user);
              await session.get(Root, user);
              for (let turn = 0; turn < i * (round + 1); turn++) await new Promise(setImmediate);
              const far = await Promise.all(
                hubs.map((hub) =>
                  session.transaction(async (tx) => (await tx.require(Room, hub)).out(Door).count()),
                ),
              );
              return [await session.nodes(Room).count(), ...far];
            }),
          );
          expect(counts).toEqual(users.map(() => [12, 2, 2, 2, 2]));
        }
      });

      it("refuse a commit that lost its right in the other one meanwhile", async () => {
        const here = open.place();
        const one = await here({ types });
        const two = await here({ types });
        const aliceId = (await one.createRoot()).id;
        const bobId = (await one.createRoot()).id;
        await two.refresh();
        const id = await makeRoom(one.as(aliceId), "far");
        await one.as(aliceId).transaction((tx) => tx.root.allowRoot(bobId, "write"));
        await two.refresh();
        let runs = 0;
        await expectDenied(
          () =>
            two.as(bobId).transaction(async (tx) => {
              runs += 1;
              (await tx.require(Room, id)).name = "taken";
              if (runs === 1)
                await one.as(aliceId).transaction((other) => other.root.allowRoot(bobId, "read"));
            }),
          id,
          "write",
          "read",
        );
        expect(runs).toBe(2);
        expect((await one.require(Room, id)).name).toBe("far");
      });
    });
  }
});
