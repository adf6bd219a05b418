import { describe, expect, test } from "vitest";
import { z } from "zod";
import { WalkLimitError } from "../src/errors.ts";
import { handlers } from "../src/walker/handlers.ts";
import { walker } from "../src/walker/walker.ts";
import type { GraphScript, NodeType, Ref, TypeName } from "./walker-reference.ts";

/** A graph to try the rows of the walker table on: the fake one, or a real one. */
export interface RowWorld {
  readonly classes: Readonly<Record<TypeName, unknown>>;
  /** The record's name: `n0` is the first node of the script, `e0` its first edge, made ones follow. */
  nameOf(here: Here): Ref;
  find(w: Walk, ref: Ref): Here | Promise<Here>;
  spawn(graph: GraphScript, walker: unknown, options?: RowSpawn): Promise<RowRun>;
}

export interface RowSpawn {
  /** Where to start: `n0` where nothing is said. */
  readonly at?: Ref | readonly Ref[];
  readonly handlers?: readonly unknown[];
  readonly input?: object;
  readonly maxVisits?: number;
}

export interface RowRun {
  readonly run: Run;
  exists(ref: Ref): boolean | Promise<boolean>;
}

interface Run {
  readonly reports: unknown[];
  readonly state: unknown;
  readonly visits: number;
  readonly disengaged: boolean;
}

/** A node or an edge, as far as the rows need it. */
export interface Here {
  readonly id: string;
  out(type?: unknown): Query;
  in(type?: unknown): Query;
  both(type?: unknown): Query;
  connect(type: unknown): Here;
  delete(): void;
}

interface Query {
  edges(): unknown;
}

export interface Walk {
  readonly state: Record<string, unknown>;
  visit(target: unknown, options?: { at?: number }): { else(f: () => unknown): void };
  report(value: unknown): void;
  disengage(): void;
  skip(): void;
  ignore(...here: Here[]): void;
  spawn(walker: unknown, input?: object, options?: object): Promise<Run>;
}

type WalkerHandler = (w: Walk, here: Here) => unknown;
type TypeHandler = (here: Here, w: Walk) => unknown;

interface Chain<H> {
  entry(handler: H): Chain<H>;
  entry(types: unknown, handler: H): Chain<H>;
  exit(handler: H): Chain<H>;
  exit(types: unknown, handler: H): Chain<H>;
}

const define = walker as unknown as (name: string, options?: object) => Chain<WalkerHandler>;
const ofType = handlers as unknown as (type: unknown) => Chain<TypeHandler>;

/** `a → b, a → c` and so on, all of type `c` where nothing is said; nodes are numbered as they are first named. */
function graphOf(text: string, types: Readonly<Record<string, NodeType>> = {}): GraphScript {
  const names: string[] = [];
  const number = (name: string): number => {
    if (!names.includes(name)) names.push(name);
    return names.indexOf(name);
  };
  const edges = text.split(",").flatMap((part) => {
    const path = part
      .trim()
      .split("→")
      .map((name) => number(name.trim()));
    return path.slice(1).map((to, i) => ({ type: "e" as const, from: path[i] as number, to }));
  });
  return { nodes: names.map((name) => types[name] ?? "c"), edges };
}

/** One named test for the normative order and each row of the table of DESIGN, section 2. */
export function describeWalkerRows(title: string, open: () => RowWorld): void {
  describe(title, () => {
    const world = open();
    const { a: A, b: B, c: C, e: E, f: F } = world.classes;

    /** A handler that notes where it ran, and then does more. */
    function tracer() {
      const trace: string[] = [];
      const at =
        (name: string, then?: WalkerHandler): WalkerHandler =>
        (w, here) => {
          trace.push(`${name}:${world.nameOf(here)}`);
          return then?.(w, here);
        };
      return { trace, at };
    }
    const onward: WalkerHandler = (w, here) => void w.visit(here.out());

    describe("the order", () => {
      test("entries run breadth first, exits unwind last in first out", async () => {
        const { trace, at } = tracer();
        const walk = define("order").entry(C, at("E", onward)).exit(C, at("X"));
        await world.spawn(graphOf("a→b, a→c"), walk);
        expect(trace).toEqual(["E:n0", "E:n1", "E:n2", "X:n2", "X:n1", "X:n0"]);
      });

      test("what an exit visits is visited before the exits of earlier locations", async () => {
        const { trace, at } = tracer();
        const walk = define("order")
          .entry(
            C,
            at("E", (w, here) => world.nameOf(here) === "n0" && w.visit(here.out())),
          )
          .exit(
            C,
            at("X", async (w, here) => {
              if (world.nameOf(here) === "n1") w.visit(await world.find(w, "n2"));
            }),
          );
        await world.spawn({ nodes: ["c", "c", "c"], edges: [{ type: "e", from: 0, to: 1 }] }, walk);
        expect(trace).toEqual(["E:n0", "E:n1", "X:n1", "E:n2", "X:n2", "X:n0"]);
      });

      test("the seven phases of a location, and the walker's untyped handlers around all", async () => {
        const { trace, at } = tracer();
        const walk = define("phases")
          .exit(at("end"))
          .exit(C, at("7"))
          .entry(C, at("1"))
          .entry(at("begin"))
          .entry(C, at("1b"))
          .exit(C, at("7b"));
        const other = define("other");
        const own =
          (name: string): TypeHandler =>
          (here, w) =>
            at(name)(w, here);
        const owned = (ofType(C) as unknown as Chain<unknown>)
          .exit(own("6"))
          .exit(walk, own("5"))
          .entry(walk, own("3"))
          .entry(own("2"))
          .entry(other, own("never"));
        await world.spawn(graphOf("a"), walk, { handlers: [owned] });
        expect(trace.map((entry) => entry.split(":")[0])).toEqual([
          "begin",
          "1",
          "1b",
          "2",
          "3",
          "5",
          "6",
          "7",
          "7b",
          "end",
        ]);
      });

      test("an empty queue runs no handler", async () => {
        const { trace, at } = tracer();
        const walk = define("empty").entry(at("begin")).exit(at("end"));
        const { run } = await world.spawn(graphOf("a"), walk, { at: [] });
        expect(trace).toEqual([]);
        expect(run).toEqual({ reports: [], state: {}, visits: 0, disengaged: false });
      });

      test("untyped exits see the location entered last", async () => {
        const { trace, at } = tracer();
        const walk = define("last").entry(at("begin")).entry(C, onward).exit(at("end"));
        await world.spawn(graphOf("a→b, a→c"), walk);
        expect(trace).toEqual(["begin:n0", "end:n2"]);
      });

      test("a list is walked in its order, with its duplicates", async () => {
        const { trace, at } = tracer();
        const walk = define("list").entry(C, at("E"));
        await world.spawn(graphOf("a→b, a→c"), walk, { at: ["n2", "n1", "n2"] });
        expect(trace).toEqual(["E:n2", "E:n1", "E:n2"]);
      });

      test("an edge is followed by its far node", async () => {
        const { trace, at } = tracer();
        const walk = define("edge").entry([C, E], at("E"));
        await world.spawn(graphOf("a→b"), walk, { at: "e0" });
        expect(trace).toEqual(["E:e0", "E:n1"]);
      });
    });

    describe("visit(query)", () => {
      test("sees the unit as of the call", async () => {
        const { trace, at } = tracer();
        const walk = define("as_of").entry(
          C,
          at("E", (w, here) => {
            if (world.nameOf(here) !== "n0") return;
            w.visit(here.out());
            here.connect(C);
            w.visit(here.out());
          }),
        );
        await world.spawn(graphOf("a→b"), walk);
        expect(trace).toEqual(["E:n0", "E:n1", "E:n1", "E:n2"]);
      });

      test("takes effect in call order when the handler is done, and not before", async () => {
        const { trace, at } = tracer();
        const walk = define("done").entry(
          C,
          at("E", async (w, here) => {
            if (world.nameOf(here) !== "n0") return;
            w.visit(await world.find(w, "n2"));
            await Promise.resolve();
            trace.push("still there");
            w.visit(await world.find(w, "n1"));
          }),
        );
        await world.spawn(graphOf("a→b, a→c"), walk);
        expect(trace).toEqual(["E:n0", "still there", "E:n2", "E:n1"]);
      });

      test("else runs when nothing was queued, and its visits take that place", async () => {
        const { trace, at } = tracer();
        const walk = define("else").entry(
          C,
          at("E", async (w, here) => {
            if (world.nameOf(here) !== "n0") return;
            const [first, second] = [await world.find(w, "n1"), await world.find(w, "n2")];
            w.visit(here.out(A)).else(async () => {
              await Promise.resolve();
              trace.push("else");
              w.visit(here.out(B)).else(() => w.visit(first));
            });
            w.visit(second).else(() => trace.push("never"));
          }),
        );
        await world.spawn(graphOf("a→b, a→c"), walk);
        expect(trace).toEqual(["E:n0", "else", "E:n1", "E:n2"]);
      });

      test("else runs where all that was found is ignored as of the call", async () => {
        const { trace, at } = tracer();
        const walk = define("else_ignore").entry(
          C,
          at("E", async (w, here) => {
            if (world.nameOf(here) !== "n0") return;
            const [first, second] = [await world.find(w, "n1"), await world.find(w, "n2")];
            w.ignore(first);
            w.visit(first).else(() => trace.push("else"));
            w.visit(second).else(() => trace.push("never"));
            w.ignore(second);
          }),
        );
        await world.spawn(graphOf("a→b, a→c"), walk);
        expect(trace).toEqual(["E:n0", "else"]);
      });

      test("a visit is not a thenable", async () => {
        const seen: unknown[] = [];
        const walk = define("thenable").entry(C, (w, here) => seen.push("then" in w.visit(here.out())));
        await world.spawn(graphOf("a"), walk);
        expect(seen).toEqual([false]);
      });
    });

    describe("visit(x, { at })", () => {
      const cases: readonly (readonly [at: number | undefined, order: string])[] = [
        [0, "n3 n4 n1 n2"],
        [1, "n1 n3 n4 n2"],
        [2, "n1 n2 n3 n4"],
        [99, "n1 n2 n3 n4"],
        [undefined, "n1 n2 n3 n4"],
        [-1, "n1 n2 n3 n4"],
        [-2, "n1 n3 n4 n2"],
        [-3, "n3 n4 n1 n2"],
        [-99, "n3 n4 n1 n2"],
      ];
      test.each(cases)("at %s: %s", async (at, order) => {
        const trace: string[] = [];
        const walk = define("at")
          .entry(C, (w, here) => {
            trace.push(world.nameOf(here));
            w.visit(here.out(C));
            w.visit(here.out(A), at === undefined ? {} : { at });
          })
          .entry(A, (_w, here) => trace.push(world.nameOf(here)));
        await world.spawn(graphOf("h→x, h→y, h→p, h→q", { p: "a", q: "a" }), walk);
        expect(trace.join(" ")).toBe(`n0 ${order}`);
      });

      test("what is no integer is a TypeError", async () => {
        const walk = define("at").entry(C, (w, here) => w.visit(here.out(), { at: 0.5 }));
        await expect(world.spawn(graphOf("a"), walk)).rejects.toThrow(TypeError);
      });
    });

    test("a queued location that was deleted is skipped at its turn, and triggers no else", async () => {
      const { trace, at } = tracer();
      const walk = define("deleted").entry(
        C,
        at("E", async (w, here) => {
          if (world.nameOf(here) !== "n0") return;
          w.visit(here.out()).else(() => trace.push("never"));
          (await world.find(w, "n1")).delete();
        }),
      );
      const { run } = await world.spawn(graphOf("a→b, a→c"), walk);
      expect(trace).toEqual(["E:n0", "E:n2"]);
      expect(run.visits).toBe(2);
    });

    describe("a node queued twice", () => {
      test("is visited twice", async () => {
        const { trace, at } = tracer();
        const walk = define("twice").entry(C, at("E", onward));
        await world.spawn(graphOf("a→b→d, a→c→d"), walk);
        expect(trace).toEqual(["E:n0", "E:n1", "E:n3", "E:n2", "E:n2"]);
      });

      test("ignore drops it at queueing and at its turn", async () => {
        const { trace, at } = tracer();
        const walk = define("ignore").entry(
          C,
          at("E", async (w, here) => {
            if (world.nameOf(here) === "n0") w.visit(here.out());
            if (world.nameOf(here) === "n1") w.ignore(await world.find(w, "n2"));
            if (world.nameOf(here) === "n3") w.visit(await world.find(w, "n2"));
          }),
        );
        await world.spawn(graphOf("a→b, a→c, a→d"), walk);
        expect(trace).toEqual(["E:n0", "E:n1", "E:n3"]);
      });

      test("under once it is entered once, and triggers no else", async () => {
        const { trace, at } = tracer();
        const walk = define("once", { once: true }).entry(
          C,
          at("E", (w, here) => w.visit(here.out()).else(() => trace.push(`else:${world.nameOf(here)}`))),
        );
        const { run } = await world.spawn(graphOf("a→b→a"), walk);
        expect(trace).toEqual(["E:n0", "E:n1"]);
        expect(run.visits).toBe(2);
      });
    });

    describe("edges", () => {
      const both: GraphScript = {
        nodes: ["c", "c"],
        edges: [
          { type: "e", from: 0, to: 1 },
          { type: "f", from: 0, to: 1 },
        ],
      };

      test("each edge, then its far node, which follows its first edge only", async () => {
        const { trace, at } = tracer();
        const walk = define("edges")
          .entry(
            C,
            at("E", (w, here) => world.nameOf(here) === "n0" && w.visit(here.out().edges())),
          )
          .entry(E, at("E"));
        await world.spawn(both, walk);
        expect(trace).toEqual(["E:n0", "E:e0", "E:n1", "E:e1"]);
      });

      test("the far node is opposite to where the query came from", async () => {
        const { trace, at } = tracer();
        const walk = define("edges")
          .entry(
            C,
            at("E", (w, here) => world.nameOf(here) === "n1" && w.visit(here.in(E).edges())),
          )
          .entry(F, at("F"));
        await world.spawn(both, walk, { at: "n1" });
        expect(trace).toEqual(["E:n1", "E:n0", "F:e1"]);
      });

      test("of a bare edge it is opposite to here, and its target elsewhere", async () => {
        const { trace, at } = tracer();
        const walk = define("bare")
          .entry(
            C,
            at("E", async (w, here) => {
              if (world.nameOf(here) !== "n2") w.visit(await world.find(w, "e0"));
            }),
          )
          .entry(
            E,
            at("E", (w) => w.disengage()),
          );
        const line: GraphScript = { nodes: ["c", "c", "c"], edges: [{ type: "e", from: 0, to: 2 }] };
        const rest = define("rest").entry(C, at("E")).entry(E, at("E"));
        await world.spawn(line, walk, { at: "n0" });
        expect(trace.splice(0)).toEqual(["E:n0", "E:e0"]);
        const from = (ref: Ref) =>
          define("from").entry(
            C,
            at("E", async (w, here) => {
              if (world.nameOf(here) === ref) w.visit(await world.find(w, "e0"));
            }),
          );
        await world.spawn(line, from("n0"), { at: "n0" });
        expect(trace.splice(0)).toEqual(["E:n0", "E:n2"]);
        await world.spawn(line, from("n2"), { at: "n2" });
        expect(trace.splice(0)).toEqual(["E:n2", "E:n0"]);
        await world.spawn(line, from("n1"), { at: "n1" });
        expect(trace.splice(0)).toEqual(["E:n1", "E:n2"]);
        await world.spawn(line, rest, { at: "e0" });
        expect(trace).toEqual(["E:e0", "E:n2"]);
      });

      test("a node query never stops on edges", async () => {
        const { trace, at } = tracer();
        const walk = define("nodes").entry(C, at("E", onward)).entry(E, at("edge"));
        await world.spawn(both, walk);
        expect(trace).toEqual(["E:n0", "E:n1"]);
      });
    });

    describe("registrations", () => {
      test("a union of types fires once, two registrations fire twice", async () => {
        const { trace, at } = tracer();
        const walk = define("union").entry([A, B, C], at("union")).entry(A, at("1")).entry(A, at("2"));
        await world.spawn({ nodes: ["b"], edges: [] }, walk);
        expect(trace).toEqual(["union:n0", "1:n0", "2:n0"]);
      });

      test("a base type's handlers run before the subtype's, on the way in and out", async () => {
        const { trace, at } = tracer();
        const own =
          (name: string): TypeHandler =>
          (here, w) =>
            at(name)(w, here);
        const owned = [
          ofType(B).entry(own("B")).exit(own("B out")),
          ofType(A).entry(own("A")).exit(own("A out")),
        ];
        await world.spawn({ nodes: ["b"], edges: [] }, define("base"), { handlers: owned });
        expect(trace).toEqual(["A:n0", "B:n0", "A out:n0", "B out:n0"]);
      });

      test("a walker's own handlers run in declaration order, whatever their types", async () => {
        const { trace, at } = tracer();
        await world.spawn({ nodes: ["b"], edges: [] }, define("own").entry(B, at("B")).entry(A, at("A")));
        expect(trace).toEqual(["B:n0", "A:n0"]);
      });

      test("handlers for one value of a walker's chain are for all of them", async () => {
        const { trace, at } = tracer();
        const base = define("chain");
        const owned = (ofType(C) as unknown as Chain<unknown>).entry(base, (here: Here, w: Walk) =>
          at("owned")(w, here),
        );
        await world.spawn(graphOf("a"), base.entry(C, at("own")), { handlers: [owned] });
        expect(trace).toEqual(["own:n0", "owned:n0"]);
      });
    });

    test("skip leaves out the remaining handlers of the phase; the queue and later exits stay", async () => {
      const { trace, at } = tracer();
      const walk = define("skip")
        .entry(
          C,
          at("1", (w, here) => {
            w.visit(here.out());
            if (world.nameOf(here) === "n0") w.skip();
            trace.push("finishes");
          }),
        )
        .entry(C, at("2"))
        .exit(
          C,
          at("X", (w, here) => world.nameOf(here) === "n1" && w.skip()),
        )
        .exit(C, at("Y"));
      await world.spawn(graphOf("a→b"), walk);
      expect(trace).toEqual(["1:n0", "finishes", "1:n1", "finishes", "2:n1", "X:n1", "X:n0", "Y:n0"]);
    });

    describe("disengage", () => {
      test("lets the running handler finish, and nothing else run; reports stay", async () => {
        const { trace, at } = tracer();
        const walk = define("disengage")
          .entry(at("begin"))
          .entry(
            C,
            at("E", (w, here) => {
              w.visit(here.out()).else(() => trace.push("never"));
              if (world.nameOf(here) !== "n1") return;
              w.disengage();
              w.report("last words");
              world.nameOf(here.connect(C));
            }),
          )
          .entry(C, at("2"))
          .exit(C, at("X"))
          .exit(at("end"));
        const { run, exists } = await world.spawn(graphOf("a→b→c"), walk);
        expect(trace).toEqual(["begin:n0", "E:n0", "2:n0", "E:n1"]);
        expect(run).toMatchObject({ reports: ["last words"], visits: 2, disengaged: true });
        expect(await exists("n3")).toBe(true);
      });

      test("ends the innermost walk only", async () => {
        const { trace, at } = tracer();
        const inner = define("inner")
          .entry(
            C,
            at("I", (w) => w.disengage()),
          )
          .exit(C, at("IX"));
        const outer = define("outer")
          .entry(
            C,
            at("E", async (w, here) => {
              const run = await w.spawn(inner, {}, { at: here });
              trace.push(String(run.disengaged));
            }),
          )
          .exit(C, at("X"));
        const { run } = await world.spawn(graphOf("a"), outer);
        expect(trace).toEqual(["E:n0", "I:n0", "true", "X:n0"]);
        expect(run.disengaged).toBe(false);
      });
    });

    test("where here was deleted, its remaining handlers are left out", async () => {
      const { trace, at } = tracer();
      const walk = define("delete_here")
        .entry(
          C,
          at("1", (w, here) => {
            w.visit(here.out());
            if (world.nameOf(here) === "n1") here.delete();
            trace.push("finishes");
          }),
        )
        .entry(C, at("2"))
        .exit(C, at("X"));
      const { exists } = await world.spawn(graphOf("a→b, a→c"), walk);
      expect(trace).toEqual([
        "1:n0",
        "finishes",
        "2:n0",
        "1:n1",
        "finishes",
        "1:n2",
        "finishes",
        "2:n2",
        "X:n2",
        "X:n0",
      ]);
      expect(await exists("n1")).toBe(false);
    });

    test("handlers may be async, and are awaited one after another", async () => {
      const { trace, at } = tracer();
      const slow: WalkerHandler = async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        trace.push("done");
      };
      const walk = define("async").entry(C, at("1", slow)).entry(C, at("2")).exit(C, at("X", slow));
      await world.spawn(graphOf("a"), walk);
      expect(trace).toEqual(["1:n0", "done", "2:n0", "X:n0", "done"]);
    });

    describe("nested spawns", () => {
      test("share the unit, with queue, ignores, state and reports of their own", async () => {
        const { trace, at } = tracer();
        const inner = define("inner", { state: () => ({ own: true }) }).entry(
          C,
          at("I", (w, here) => {
            w.visit(here.out());
            w.report(world.nameOf(here));
          }),
        );
        const runs: Run[] = [];
        const outer = define("outer").entry(
          C,
          at("E", async (w, here) => {
            if (world.nameOf(here) !== "n0") return;
            w.ignore(await world.find(w, "n1"));
            w.visit(here.out());
            here.connect(C);
            runs.push(await w.spawn(inner, {}, { at: here }));
          }),
        );
        const { run } = await world.spawn(graphOf("a→b"), outer);
        expect(trace).toEqual(["E:n0", "I:n0", "I:n1", "I:n2"]);
        expect(run.reports).toEqual([]);
        expect(runs).toEqual([
          { reports: ["n0", "n1", "n2"], state: { own: true }, visits: 3, disengaged: false },
        ]);
      });

      test("a handler is done when its spawns are, awaited or not", async () => {
        const { trace, at } = tracer();
        const inner = define("inner").entry(C, async (_w, here) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          trace.push(`I:${world.nameOf(here)}`);
        });
        const outer = define("outer")
          .entry(
            C,
            at("E", (w, here) => void w.spawn(inner, {}, { at: here })),
          )
          .entry(C, at("2"));
        await world.spawn(graphOf("a"), outer);
        expect(trace).toEqual(["E:n0", "I:n0", "2:n0"]);
      });

      test.each(["at once", "later"])(
        "an exception that leaves one %s dooms the unit even if caught",
        async (when) => {
          const { trace, at } = tracer();
          const inner = define("inner").entry(C, () => {
            if (when === "at once") throw new Error("inner");
            return Promise.reject(new Error("inner"));
          });
          const outer = define("outer")
            .entry(
              C,
              at("E", async (w, here) => {
                await w.spawn(inner, {}, { at: here }).catch(() => trace.push("caught"));
              }),
            )
            .entry(C, at("2"));
          await expect(world.spawn(graphOf("a"), outer)).rejects.toThrow("inner");
          expect(trace).toEqual(["E:n0", "caught"]);
        },
      );

      test("one that fails and is not awaited fails the walk", async () => {
        const inner = define("inner").entry(C, async () => {
          await Promise.resolve();
          throw new Error("inner");
        });
        const outer = define("outer").entry(C, (w, here) => void w.spawn(inner, {}, { at: here }));
        await expect(world.spawn(graphOf("a"), outer)).rejects.toThrow("inner");
      });

      test("nothing of an attempt runs on when its handler has thrown", async () => {
        const trace: string[] = [];
        const inner = define("inner").entry(C, async (w, here) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          trace.push(`I:${world.nameOf(here)}`);
          w.visit(here.out());
        });
        const outer = define("outer").entry(C, (w, here) => {
          void w.spawn(inner, {}, { at: here });
          throw new Error("outer");
        });
        await expect(world.spawn(graphOf("a→b→c"), outer)).rejects.toThrow("outer");
        const then = [...trace];
        await new Promise((resolve) => setTimeout(resolve, 10));
        expect(trace).toEqual(then);
        expect(trace).not.toContain("I:n1");
      });
    });

    describe("state, input and result", () => {
      test("state is made for each walk, and given back with the reports and the visits", async () => {
        const walk = define("state", {
          state: () => ({ seen: 0 }),
          report: z.string().transform(Number),
        }).entry(C, (w, here) => {
          w.state.seen = (w.state.seen as number) + 1;
          w.report(world.nameOf(here).slice(1));
          w.visit(here.out());
        });
        for (let times = 0; times < 2; times++) {
          const { run } = await world.spawn(graphOf("a→b"), walk);
          expect(run).toEqual({ reports: [0, 1], state: { seen: 2 }, visits: 2, disengaged: false });
        }
      });

      test("input is read-only", async () => {
        const walk = define("input", { input: { list: z.array(z.string()) } }).entry(C, (w) => {
          const input = w as unknown as { list: string[] };
          expect(input.list).toEqual(["x"]);
          expect(() => input.list.push("y")).toThrow(TypeError);
          expect(() => {
            input.list = [];
          }).toThrow(TypeError);
        });
        await world.spawn(graphOf("a"), walk, { input: { list: ["x"] } });
      });

      test("maxVisits ends a walk that goes round in circles", async () => {
        const walk = define("circle", { maxVisits: 10 }).entry(C, onward);
        await expect(world.spawn(graphOf("a→a"), walk)).rejects.toThrow(WalkLimitError);
        const { run } = await world.spawn(graphOf("a→b→c"), walk, { maxVisits: 3 });
        expect(run.visits).toBe(3);
        await expect(world.spawn(graphOf("a→b→c"), walk, { maxVisits: 2 })).rejects.toMatchObject({
          code: "RW_WALK_LIMIT",
        });
      });
    });

    test("an exception discards the unit", async () => {
      const walk = define("throws").entry(C, (_w, here) => {
        here.connect(C);
        throw new Error("no");
      });
      await expect(world.spawn(graphOf("a"), walk)).rejects.toThrow("no");
    });
  });
}
