import { createHook } from "node:async_hooks";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";
import {
  AccessDeniedError,
  edge,
  type Graph,
  handlers,
  node,
  Root,
  type TracedHandler,
  type TraceEvent,
  type TraceStop,
  via,
  type WalkTrace,
  walker,
} from "../../src/index.ts";
import { parseMermaid } from "../diagram-parsers.ts";
import { forEachStore } from "./stores.ts";

class Room extends node("Room", {
  name: z.string(),
  users: z.array(z.string()).default([]),
  messageCount: z.int().default(0),
}) {}
class Message extends node("Message", { text: z.string() }) {}
class Posted extends edge("Posted", {}, { from: Room, to: Message }) {}
const types = [Room, Message, Posted];

const lookAround = walker("look_around").entry(Room, async (w, room) => {
  await room.out(Message).count();
  w.report(room.name);
});

const postMessage = walker("post_message", { input: { room: z.string(), text: z.string() } })
  .entry(Root, (w, here) => {
    w.visit(here.out(Room, { name: w.room })).else(() =>
      w.visit(here.connect(Room, { name: w.room }), { at: 0 }),
    );
  })
  .entry(Room, async (w, room) => {
    room.messageCount += 1;
    const message = room.connect(Message, { text: w.text }, via(Posted, {}));
    w.report({ length: w.text.length });
    await w.spawn(lookAround, {}, { at: room });
    if (w.text === "refuse") throw new Error("not that");
    w.ignore(message);
  })
  .exit(Root, (w) => w.disengage());

const countEach = handlers(Room).entry(postMessage, (room, w) => {
  w.visit(room.out(Posted).edges());
  w.skip();
});

/** Visits of a long walk. */
const LONG = 2000;

/** A trace without what differs from run to run. */
function plain(trace: WalkTrace | undefined): string {
  return String(trace)
    .replaceAll(/\d+\.\d\d ms/g, "# ms")
    .replaceAll(/…[0-9a-f]{8}/g, "…")
    .replaceAll(/visit .*: queued/g, "visit (query): queued")
    .replaceAll(/read .*:/g, "read (query):");
}

function eventsOf(stops: readonly TraceStop[]): TraceEvent[] {
  return stops.flatMap(({ handlers }) => handlers.flatMap(({ events }) => events));
}

function handlersOf(trace: WalkTrace | undefined): TracedHandler[] {
  return trace!.stops.flatMap(({ handlers }) => handlers);
}

forEachStore("the trace of a walk", (open) => {
  it("tells where it was, which handlers ran and what they did", async () => {
    const graph = await open({ types, handlers: [countEach] });
    const input = { room: "general", text: "hi" };
    const run = await graph.spawn(postMessage, input, { trace: { label: "name" } });
    expect(plain(run.trace).split("\n")).toEqual([
      "walk post_message, # ms: committed",
      "1 enter Root …",
      "  post_message.entry(Root) # ms",
      "    visit (query): queued nothing, else ran",
      '    create Room … "general"',
      '    link Root … to Room … "general" by Edge …',
      "    visit: queued 1 at 0",
      '      Room … "general"',
      '2 enter Room … "general"',
      "  post_message.entry(Room) # ms",
      '    update Room … "general": messageCount',
      "    create Message …",
      '    link Room … "general" to Message … by Posted …',
      '    report {"length":2}',
      "    spawn look_around",
      '      1 enter Room … "general"',
      "        look_around.entry(Room) # ms",
      "          read (query): 1",
      '          report "general"',
      "    ignore Message …",
      "  handlers(Room).entry(post_message) # ms",
      "    visit (query): queued 1",
      "      Posted …",
      "    skip",
      "3 enter Posted …",
      "leave Root …",
      "  post_message.exit(Root) # ms",
      "    disengage",
    ]);
    expect(inspect(run.trace)).toBe(String(run.trace));
    expect(run.trace).toMatchObject({ outcome: "committed", attempts: 1, conflicts: [], isCut: false });
    expect(handlersOf(run.trace).map(({ phase }) => phase)).toEqual([1, 1, 3, 7]);
    const [root, room] = run.trace!.stops;
    expect(root!.location).toEqual({ kind: "node", type: "Root", id: graph.root.id, label: undefined });
    expect(room!.location).toMatchObject({ type: "Room", label: "general" });
    expect(run.trace!.stops.filter(({ stage }) => stage === "entry")).toHaveLength(run.visits);
    // Plain data all through.
    expect(JSON.parse(JSON.stringify(run.trace)).stops).toHaveLength(run.trace!.stops.length);
  });

  it("is there only where it was asked for", async () => {
    const graph = await open({ types });
    const run = await graph.spawn(postMessage, { room: "general", text: "hi" }, { trace: false });
    expect(Object.keys(run)).toEqual(["reports", "state", "visits", "disengaged"]);
  });

  it("tells of turns that passed, and why", async () => {
    const graph = await open({ types });
    const pass = walker("pass", { once: true })
      .entry(Root, (w, here) => {
        const [a, b, c] = ["a", "b", "c"].map((name) => here.connect(Room, { name }));
        w.visit([a!, b!, a!, c!]);
      })
      .entry(Room, (w, room) => {
        if (room.name !== "a") return;
        return room
          .in(Root)
          .out(Room)
          .all()
          .then((rooms) => {
            w.ignore(rooms[2]!);
            rooms[1]!.delete();
          });
      });
    const { trace, visits } = await graph.spawn(pass, {}, { trace: { label: "name" } });
    expect(visits).toBe(2);
    expect(
      trace!.stops
        .filter(({ stage }) => stage === "passed")
        .map(({ passed, location }) => [passed, location.label]),
    ).toEqual([
      ["gone", undefined],
      ["entered before", "a"],
      ["ignored", "c"],
    ]);
  });

  it("tells of writes, grants and reads by id", async () => {
    const graph = await open({ types });
    const made = await graph.transaction((tx) => {
      const room = tx.root.connect(Room, { name: "kept" });
      room.connect(Message, { text: "old" });
      return room.id;
    });
    const change = walker("change").entry(Root, async (w) => {
      const room = await w.require(Room, made);
      await w.get(Message, made);
      room.update((draft) => {
        draft.users.push("ann");
        draft.name = "renamed";
      });
      room.grant("read");
      await room.out(Message).deleteAll();
      await w.ensure(Room, { name: "renamed" });
    });
    const { trace } = await graph.spawn(change, {}, { trace: true });
    const events = eventsOf(trace!.stops);
    expect(
      events.map((event) =>
        event.do === "read"
          ? `read ${event.results}`
          : "record" in event
            ? `${event.do} ${event.record.type}`
            : event.do,
      ),
    ).toEqual(["read 1", "read 0", "update Room", "grant Room", "read 1", "delete Message", "read 1"]);
    expect(events[0]).toEqual({ do: "read", what: `get(Room, ${made})`, results: 1 });
    expect(events[2]).toMatchObject({ fields: ["name", "users"] });
  });

  it("is that of the attempt which committed, and tells of those before it", async () => {
    const graph = await open({ types });
    const id = await graph.transaction((tx) => tx.root.connect(Room, { name: "busy" }).id);
    let attempts = 0;
    const add = walker("add").entry(Room, async (w, room) => {
      room.messageCount += 1;
      w.report(`attempt ${++attempts}`);
      if (attempts < 3)
        await graph.transaction(async (tx) => {
          (await tx.require(Room, id)).messageCount += 10;
        });
    });
    const run = await graph.spawn(add, {}, { at: id, trace: true });
    expect(run.trace).toMatchObject({ attempts: 3, conflicts: [id, id], outcome: "committed" });
    expect(eventsOf(run.trace!.stops).filter((event) => event.do === "report")).toEqual([
      { do: "report", value: "attempt 3" },
    ]);
    expect(String(run.trace)).toMatch(/^walk add, .*: committed at attempt 3, after conflicts on .*; /);
  });

  it("keeps what was committed on the way, when what follows is replayed", async () => {
    const graph = await open({ types });
    const ids = await graph.transaction((tx) => {
      const first = tx.root.connect(Room, { name: "first" });
      return [first.id, first.connect(Room, { name: "second" }).id] as const;
    });
    let attempts = 0;
    const step = walker("step").entry(Room, async (w, room) => {
      room.messageCount += 1;
      w.visit(room.out(Room));
      if (room.name === "first") return w.commit();
      attempts += 1;
      w.report(attempts);
      if (attempts === 1)
        await graph.transaction(async (tx) => {
          (await tx.require(Room, ids[1])).messageCount += 10;
        });
    });
    const { trace } = await graph.spawn(step, {}, { at: ids[0], trace: { label: "name" } });
    expect(trace!.attempts).toBe(2);
    expect(trace!.stops.map(({ visit, location }) => [visit, location.label])).toEqual([
      [1, "first"],
      [2, "second"],
    ]);
    expect(eventsOf(trace!.stops).map((event) => event.do)).toEqual([
      "update",
      "visit",
      "commit",
      "update",
      "visit",
      "report",
    ]);
  });

  it("is cut where there is too much, and says so", async () => {
    const graph = await open({ types });
    const many = walker("many")
      .entry(Root, (w, here) => {
        w.visit(
          here.connect(
            Room,
            Array.from({ length: 300 }, (_, i) => ({ name: `r${i}` })),
          ),
        );
      })
      .entry(Room, (w, room) => w.report(room.name));
    const whole = await graph.spawn(many, {}, { trace: true });
    const first = eventsOf(whole.trace!.stops).find((event) => event.do === "visit");
    expect(first).toMatchObject({ count: 300, queued: { length: 100 } });
    expect(String(whole.trace)).toContain("… and 200 more");
    const { trace, reports } = await graph.spawn(many, {}, { trace: { maxEvents: 10 } });
    expect(reports).toHaveLength(300);
    expect(trace!.isCut).toBe(true);
    const { stops } = trace!;
    const kept = stops.length + handlersOf(trace).length + eventsOf(stops).length;
    expect(kept).toBe(10);
    expect(String(trace).split("\n").at(-1)).toBe("… the trace is cut here: maxEvents keeps no more");
  });

  it("is given to onEnd where the walk throws, and the error says where that was", async () => {
    const graph = await open({ types });
    const seen: WalkTrace[] = [];
    const failing = graph.spawn(
      postMessage,
      { room: "general", text: "refuse" },
      { trace: { onEnd: (trace) => seen.push(trace) } },
    );
    const error = await failing.catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ message: "not that" });
    const [trace] = seen;
    expect(trace).toMatchObject({ outcome: "failed", error: "not that" });
    const last = handlersOf(trace).at(-1)!;
    expect(last).toMatchObject({ name: "post_message.entry(Room)", error: "not that" });
    const { location } = trace!.stops.at(-1)!;
    expect((error as Error).stack!.split("\n").at(-1)).toBe(
      `    in post_message.entry(Room) at Room ${location.id}`,
    );
    expect(String(trace)).toMatch(/: failed: not that\n/);
  });

  it("measures by the clock that was given, and reports what onEnd throws", async () => {
    const errors: unknown[] = [];
    const graph = await open({ types, onError: (error) => errors.push(error) });
    const run = await graph.spawn(
      postMessage,
      { room: "general", text: "hi" },
      {
        trace: {
          onEnd: () => {
            throw new Error("late");
          },
        },
      },
    );
    expect(errors).toMatchObject([{ message: "late" }]);
    const sum = handlersOf(run.trace).reduce((total, { ms }) => total + ms, 0);
    expect(sum).toBeGreaterThan(0);
    expect(run.trace!.ms).toBeGreaterThanOrEqual(sum);
  });

  it("reports what onEnd throws later, even where onError does so too", async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown): Promise<never> => {
      errors.push(error);
      return Promise.reject(new Error("nobody is left to be told"));
    };
    const graph = await open({ types, onError });
    const onEnd = (): Promise<never> => Promise.reject(new Error("later"));
    await graph.spawn(postMessage, { room: "general", text: "hi" }, { trace: { onEnd } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toMatchObject([{ message: "later" }]);
  });

  it("refuses a label that no type has", async () => {
    const graph = await open({ types });
    const labelled = graph.spawn(lookAround, {}, { trace: { label: "nmae" } });
    await expect(labelled).rejects.toMatchObject({ code: "RW_OPTION_INVALID" });
  });

  it.skipIf(open.store.name === "awkward" || open.store.cache !== undefined)(
    "of a walk over loaded data makes no promise a step",
    async () => {
      const graph = await open({ types });
      const far = walker("far", { input: { left: z.int() } }).entry(Room, (w, room) =>
        w.visit(room.out(Room)),
      );
      const first = await graph.transaction((tx) => {
        const start = tx.root.connect(Room, { name: "0" });
        let last = start;
        for (let i = 1; i < LONG; i++) last = last.connect(Room, { name: `${i}` });
        return start.id;
      });
      await graph.spawn(far, { left: 0 }, { at: first });
      for (const trace of [undefined, true]) {
        let promises = 0;
        const hook = createHook({
          init: (_id, type) => {
            if (type === "PROMISE") promises += 1;
          },
        }).enable();
        const { visits } = await graph.spawn(
          far,
          { left: 0 },
          trace === undefined ? { at: first } : { at: first, trace },
        );
        hook.disable();
        expect(visits).toBe(LONG);
        // The call itself takes a handful; a long walk gives way to others now and then.
        expect(promises).toBeLessThan(LONG / 20);
      }
    },
  );

  it.each<[string, object]>([
    ["a label that is none", { trace: { label: 5 } }],
    ["no room for events", { trace: { maxEvents: 0 } }],
    ["what cannot be called", { trace: { onEnd: true } }],
    ["something else", { trace: "yes" }],
  ])("refuses %s", async (_, options) => {
    const graph = await open({ types });
    await expect(graph.spawn(lookAround, {}, options)).rejects.toThrow(TypeError);
  });

  it("has no other options", async () => {
    const graph = await open({ types });
    const refused = graph.spawn(lookAround, {}, { trace: { labels: "name" } } as object);
    await expect(refused).rejects.toMatchObject({ code: "RW_OPTION_INVALID" });
    await expect(refused).rejects.toThrow('trace has no option "labels"; there are label');
  });

  it("is asked for where the outermost walk is spawned", async () => {
    const graph = await open({ types });
    const outer = walker("outer").entry(Root, async (w) => {
      await w.spawn(lookAround, {}, { trace: true } as never);
    });
    await expect(graph.spawn(outer)).rejects.toThrow(/in that walk's trace/);
  });

  it("draws a picture", async () => {
    const graph = await open({ types, handlers: [countEach] });
    const input = { room: 'the "big" <b>room</b>; end', text: "hi" };
    const { trace } = await graph.spawn(postMessage, input, { trace: { label: "name" } });
    const drawn = await parseMermaid(trace!.toMermaid());
    expect(drawn).toMatchObject({ direction: "TB", notes: [] });
    expect(Object.values(drawn.nodes).map((label) => label.replaceAll(/…[0-9a-f]{8}/g, "…"))).toEqual([
      "Root …\npost_message 1",
      `Room ${input.room}\npost_message 2\nlook_around 1\n2 reports`,
      "Message …",
      "Posted …\npost_message 3",
    ]);
    expect(drawn.edges).toEqual([
      ["n1 > n2", "creates"],
      ["n1 > n2", ""],
      ["n2 > n3", "creates"],
      ["n2 > n2", "spawns look_around"],
      ["n2 > n4", ""],
    ]);
  });

  it("draws no more than can be read, and notes it", async () => {
    const graph = await open({ types });
    const many = walker("many").entry(Root, (w, here) => {
      w.visit(
        here.connect(
          Room,
          Array.from({ length: 150 }, (_, i) => ({ name: `r${i}` })),
        ),
      );
    });
    const { trace } = await graph.spawn(many, {}, { trace: { maxEvents: 400 } });
    const { nodes, notes } = await parseMermaid(trace!.toMermaid());
    expect(Object.keys(nodes)).toHaveLength(100);
    expect(notes).toEqual([expect.stringMatching(/^\d+ more are not drawn$/), "the trace is cut here"]);
  });
});

forEachStore("the trace of a user's walk", (open) => {
  async function shared(graph: Graph) {
    const alice = await graph.createRoot();
    const bob = await graph.createRoot();
    await graph.as(alice).transaction((tx) => {
      const open = tx.root.connect(Room, { name: "open" });
      const closed = tx.root.connect(Room, { name: "closed" });
      open.grant("read");
      open.connect(Message, { text: "shown" }).grant("read");
      open.connect(Message, { text: "hidden" });
      closed.connect(Message, { text: "secret" });
    });
    return { alice, bob: graph.as(bob) };
  }

  it("shows nothing that he may not see", async () => {
    const graph = await open({ types });
    const { bob } = await shared(graph);
    const look = walker("look")
      .entry(Root, (w) => w.visit(w.nodes(Room)))
      .entry(Room, async (w, room) => {
        await room.out(Message).all();
        w.visit(room.out());
      });
    const { trace } = await bob.spawn(look, {}, { trace: { label: "text" } });
    const text = JSON.stringify(trace) + String(trace) + trace!.toMermaid();
    expect(text).toContain("shown");
    for (const secret of ["hidden", "secret", "closed"]) expect(text).not.toContain(secret);
    expect(
      eventsOf(trace!.stops).map((event) =>
        event.do === "visit" ? event.count : (event as { results: number }).results,
      ),
    ).toEqual([1, 1, 1]);
  });

  it("shows no fields of what was closed to him meanwhile", async () => {
    const graph = await open({ types });
    const { bob } = await shared(graph);
    const kept = await bob.nodes(Message).one();
    await graph.transaction(async (tx) => {
      const message = await tx.require(Message, kept.id);
      message.text = "private now";
      message.revoke();
    });
    const leave = walker("leave").entry(Root, (w) => w.ignore(kept));
    const { trace } = await bob.spawn(leave, {}, { trace: { label: "text" } });
    expect(JSON.stringify(trace)).not.toContain("private now");
  });

  it("names no record that it lost on, which he may not see any more", async () => {
    const graph = await open({ types });
    const { bob } = await shared(graph);
    let attempts = 0;
    const look = walker("look").entry(Root, async (w) => {
      const [room] = await w.nodes(Room).all();
      attempts += 1;
      if (attempts === 1) await graph.transaction(async (tx) => (await tx.require(Room, room!.id)).revoke());
      await w.nodes(Message).count();
      w.create(Room, { name: "his own" });
    });
    const { trace } = await bob.spawn(look, {}, { trace: true });
    expect(trace).toMatchObject({ attempts: 2, conflicts: ["a record"] });
  });

  it("and the error of a walk says where it was", async () => {
    const graph = await open({ types });
    const { bob } = await shared(graph);
    const write = walker("write")
      .entry(Root, (w) => w.visit(w.nodes(Room)))
      .entry(Room, (_w, room) => {
        room.name = "mine";
      });
    const error = await bob.spawn(write).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AccessDeniedError);
    const { target, details } = error as AccessDeniedError;
    expect(details.walk).toEqual({ walker: "write", handler: "write.entry(Room)", type: "Room", id: target });
    expect((error as Error).stack).toMatch(/\n {4}in write\.entry\(Room\) at Room [0-9a-f-]{36}$/);
  });
});
