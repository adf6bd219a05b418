import { type ChildProcess, fork } from "node:child_process";
import { openGraph } from "@rootwalk/core";
import fc from "fast-check";
import type { NotedUnit } from "../../core/src/testing/history/history.ts";
import type { Tally } from "../../core/test/history/histories.ts";
import { allKinds } from "../../core/test/history/operations.ts";
import { anomalyIn, type Program, programsOf } from "../../core/test/history/play.ts";
import { Hub, Leaf, makeWorld, types } from "../../core/test/history/world.ts";
import { sqlite } from "../src/index.ts";
import { bundled } from "./bundled.ts";
import type { Order, Report } from "./history-process.ts";

const PROCESSES = 4;

/** Sums tell which leaves are in them by weights, which no process knows of another's. */
const kinds = allKinds.filter((kind) => kind !== "sum of a group");

/** A process that plays units when it is told to. */
class Player {
  readonly #child: ChildProcess;

  constructor(path: string, number: number, seed: number) {
    const args = [path, `process ${number}`, String(number), String(seed + number)];
    this.#child = fork(bundled("history-process.ts"), args, { execArgv: [] });
  }

  /** What it says next. */
  says<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`a process ended with status ${code}`));
      this.#child.once("exit", ended);
      this.#child.once("message", (message) => {
        this.#child.off("exit", ended);
        const { error } = message as { error?: string };
        if (error === undefined) resolve(message as T);
        else reject(new Error(error));
      });
    });
  }

  async tell(order: Order): Promise<Report> {
    const report = this.says<Report>();
    this.#child.send(order);
    return report;
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      this.#child.send("end" satisfies Order);
    });
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

export interface Rounds {
  /** With a history each. Of a walk that lost in the midst of its parts nobody knows what it had committed: such a
   * round is void and does not count. */
  readonly histories: number;
  /** Of those, with an attempt that lost to another; none where nothing is said. */
  readonly contended?: number;
  /** When it gives up, void ones included; three times as many where nothing is said. */
  readonly most?: number;
}

/**
 * Plays rounds of units in four real processes on one file, at whatever moments they come to, until there are as many
 * as are wanted. What they do follows from the seed; when they do it does not.
 *
 * @throws where some round's units have no serial order
 */
export async function playRounds(path: string, wanted: Rounds, seed: number): Promise<Tally> {
  const { histories, contended = 0, most = 3 * histories } = wanted;
  const tally: Tally = { histories: 0, contended: 0, units: 0 };
  const graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });
  const players = Array.from({ length: PROCESSES }, (_, i) => new Player(path, i, seed));
  try {
    await Promise.all(players.map((player) => player.says()));
    const all = fc.sample(fc.array(programsOf(kinds), { minLength: PROCESSES, maxLength: PROCESSES }), {
      numRuns: most,
      seed,
    });
    let stamp = 0;
    for (const [round, programs] of all.entries()) {
      if (tally.histories >= histories && tally.contended >= contended) break;
      const began = now();
      const world = await makeWorld(graph, () => ++stamp);
      const setUp: NotedUnit = {
        name: "set-up",
        process: "parent",
        began,
        ended: now(),
        outcome: "committed",
        did: world.noted,
      };
      const orders = programs.map((each: readonly Program[]) => ({ world, programs: each.slice(0, 2) }));
      const reports = await Promise.all(players.map((player, i) => player.tell(orders[i]!)));
      if (!reports.some(({ isVoid }) => isVoid)) {
        reports.push(...(await Promise.all(players.map((player) => player.tell("last")))));
        tally.histories += 1;
        tally.units += reports.reduce((sum, { units }) => sum + units.length, 0);
        if (reports.some(({ conflicts }) => conflicts > 0)) tally.contended += 1;
        const names = Object.assign({}, ...reports.map((report) => report.names)) as Record<string, string>;
        const anomaly = anomalyIn({ units: [setUp, ...reports.flatMap(({ units }) => units)], names });
        if (anomaly !== undefined) throw new Error(`round ${round + 1} of seed ${seed}\n${anomaly.text}`);
      }
      await graph.nodes(Leaf).deleteAll();
      await graph.nodes(Hub).deleteAll();
    }
    await Promise.all(players.map((player) => player.end()));
    return tally;
  } finally {
    for (const player of players) player.kill();
    await graph.close();
  }
}

/** The clock that all processes of a machine share, in milliseconds. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
