import { ClosedError, GraphError, ValidationError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { readOptions } from "../model/options.ts";
import type { Store } from "../persistence/store.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import type {
  CheckOptions,
  CheckProgress,
  CheckReport,
  Finding,
  FindingKind,
  RepairKind,
} from "../types/check.ts";
import type { StopSignal } from "../types/stop-signal.ts";
import { readSignal } from "../util/stop-signal.ts";
import { EdgePass } from "./edge-pass.ts";
import { findingOf, nameOf, type Suspect } from "./finding.ts";
import { IndexPass } from "./index-pass.ts";
import { atOneMoment, BATCH, Look } from "./look.ts";
import { NodePass } from "./node-pass.ts";
import { OrphanPass } from "./orphan-pass.ts";
import { RecordPass } from "./record-pass.ts";
import { type Repaired, Repairer, type RepairHost } from "./repair.ts";

/** What a check needs of the graph around it. */
export interface CheckHost extends RepairHost {
  readonly store: Store;
  /** The types and indexes that the store is known to have: newer ones once it was followed. */
  stored(): CatalogDescription;
  readonly isClosed: () => boolean;
  nextTurn(): Promise<void>;
}

const LISTED = 100;

const repairKinds: readonly RepairKind[] = [
  "dangling",
  "adjacency",
  "index",
  "unreadable",
  "owner",
  "grant",
  "orphan",
];

/**
 * Looks for what is wrong with what a store holds, through its reads alone, and mends what it is asked to.
 *
 * It goes over all records in stretches of some hundred, each in a turn of its own, and keeps nothing but the findings it
 * is to list (for orphans, the ids that roots lead to). What looks wrong there may be the work of a commit between two
 * reads; so it is looked at again until all that speaks for it was true at one moment.
 */
export async function checkGraph(host: CheckHost, options: unknown): Promise<CheckReport> {
  const settings = readSettings(options);
  if (settings.repair.size > 0 && host.store.supports.readOnly)
    throw new GraphError({
      code: "RW_READ_ONLY",
      message: `check: ${host.store.name} is open for reading only, and nothing can be repaired`,
    });
  // Other code may have added types since the graph was opened.
  await host.follow();
  return new Check(host, settings).run();
}

interface Settings {
  readonly orphans: boolean;
  readonly repair: ReadonlySet<FindingKind>;
  readonly listed: number;
  readonly onFinding: ((finding: Finding) => unknown) | undefined;
  readonly onProgress: ((progress: CheckProgress) => void) | undefined;
  readonly signal: StopSignal | undefined;
}

const optionNames = ["orphans", "repair", "listed", "onFinding", "onProgress", "signal"];

function readSettings(given: unknown): Settings {
  const {
    orphans = false,
    repair = [],
    listed = LISTED,
    onFinding,
    onProgress,
    signal,
  }: CheckOptions = readOptions("check", given, optionNames);
  if (typeof orphans !== "boolean") throw new TypeError("check: orphans is true or false");
  if (!Array.isArray(repair)) throw new TypeError('check: repair is an array of kinds, such as ["dangling"]');
  for (const kind of repair) {
    if (!repairKinds.includes(kind))
      throw invalid(`check: ${JSON.stringify(kind)} cannot be repaired; there are ${repairKinds.join(", ")}`);
  }
  if (listed !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(listed) && listed >= 0))
    throw invalid(`check: listed is a whole number, got ${String(listed)}`);
  for (const [name, value] of Object.entries({ onFinding, onProgress })) {
    if (value !== undefined && typeof value !== "function")
      throw new TypeError(`check: ${name} is a function`);
  }
  readSignal("check", signal);
  const kinds = new Set<FindingKind>(repair);
  return { orphans: orphans || kinds.has("orphan"), repair: kinds, listed, onFinding, onProgress, signal };
}

function invalid(message: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message });
}

type Counts = Partial<Record<FindingKind, number>>;

class Check {
  readonly #host: CheckHost;
  readonly #settings: Settings;
  /** As of the beginning: types that appear during the check are not looked at. */
  readonly #stored: CatalogDescription;
  readonly #records: RecordPass;
  readonly #nodes: NodePass;
  readonly #edges: EdgePass;
  readonly #indexes: IndexPass;
  readonly #orphans: OrphanPass;
  readonly #repairer: Repairer;
  readonly #findings: Finding[] = [];
  readonly #counts: Counts = {};
  readonly #repaired: Counts = {};
  #found = 0;
  #unsettled = 0;
  #looked = { node: 0, edge: 0 };

  constructor(host: CheckHost, settings: Settings) {
    const { store } = host;
    const stored = host.stored();
    const undirected = new Set(stored.types.filter((type) => type.undirected).map(({ name }) => name));
    const pause = (): Promise<void> => this.#pause();
    this.#host = host;
    this.#settings = settings;
    this.#stored = stored;
    this.#records = new RecordPass(stored, store.supports.shared);
    this.#nodes = new NodePass(undirected, pause);
    this.#edges = new EdgePass(undirected);
    this.#indexes = new IndexPass(stored);
    this.#orphans = new OrphanPass(store, pause);
    this.#repairer = new Repairer(host, stored);
  }

  async run(): Promise<CheckReport> {
    this.#settings.signal?.throwIfAborted();
    for (const kind of ["node", "edge"] as const) {
      for (const { name, kind: own } of this.#stored.types) if (own === kind) await this.#type(kind, name);
    }
    for (const index of this.#indexes.indexes) await this.#index(index);
    if (this.#settings.orphans) await this.#lookForOrphans();
    const { node, edge } = this.#looked;
    return new Report({
      isClean: this.#found === 0,
      findings: Object.freeze(this.#findings),
      counts: Object.freeze(this.#counts),
      repaired: Object.freeze(this.#repaired),
      unsettled: this.#unsettled,
      nodes: node,
      edges: edge,
    });
  }

  async #type(kind: "node" | "edge", type: string): Promise<void> {
    let after: Id | undefined;
    do {
      const look = new Look(this.#host.store);
      const { views, more } = await look.scan(kind, type, after, BATCH);
      if (views.length > 0) {
        const suspects = await this.#records.suspects(look, kind, views);
        if (kind === "node") {
          suspects.push(...(await this.#nodes.suspects(look, views)));
          suspects.push(...(await this.#indexes.suspects(look, views)));
        } else {
          suspects.push(...(await this.#edges.suspects(look, views)));
        }
        this.#looked[kind] += views.length;
        await this.#settle(suspects);
      }
      const last = views.at(-1)?.id;
      if (more && (last === undefined || (after !== undefined && last <= after)))
        throw new GraphError({
          code: "RW_STORE_CONTRACT",
          message: `${this.#host.store.name} gives the records of ${type} out of the order of their ids`,
        });
      after = more ? last : undefined;
      await this.#step(kind === "node" ? "nodes" : "edges", type);
    } while (after !== undefined);
  }

  async #index(index: CatalogDescription["indexes"][number]): Promise<void> {
    let after: Parameters<IndexPass["strays"]>[2];
    do {
      const look = new Look(this.#host.store);
      const { suspects, next } = await this.#indexes.strays(look, index, after);
      await this.#settle(suspects);
      after = next;
      await this.#step("indexes", index.name);
    } while (after !== undefined);
  }

  async #lookForOrphans(): Promise<void> {
    const { types } = this.#stored;
    const isRepaired = this.#settings.repair.has("orphan");
    await this.#orphans.begin(["Root"], () => this.#step("orphans", "Root"));
    for (const { name, kind } of types) {
      if (kind === "edge" || name === "Root") continue;
      let after: Id | undefined;
      do {
        const { views, more } = await new Look(this.#host.store).scan("node", name, after, BATCH);
        const { orphans, unsettled } = await this.#orphans.orphans(views);
        this.#unsettled += unsettled;
        const deleted = isRepaired ? await this.#orphans.delete(orphans, this.#repairer) : undefined;
        for (const orphan of orphans) {
          const done = deleted?.has(orphan.id) ? "done" : { why: "it is no orphan any more" };
          const suspect = this.#orphans.suspect(orphan);
          await this.#report(suspect, { message: "no root leads to it" }, isRepaired ? done : undefined);
        }
        after = more ? views.at(-1)?.id : undefined;
        await this.#step("orphans", name);
      } while (after !== undefined);
    }
  }

  /** Looks at each suspicion until it is certain, and mends what is to be mended. */
  async #settle(suspects: readonly Suspect[]): Promise<void> {
    const wrong: { suspect: Suspect; says: NonNullable<Awaited<ReturnType<Suspect["look"]>>> }[] = [];
    const names = new Set<string>();
    for (const suspect of suspects) {
      const name = nameOf(suspect);
      if (names.has(name)) continue;
      names.add(name);
      const settled = await atOneMoment(this.#host.store, (look) => suspect.look(look));
      if (settled === undefined) this.#unsettled += 1;
      else if (settled.says !== undefined) wrong.push({ suspect, says: settled.says });
    }
    const asked = wrong.filter(({ suspect }) => this.#settings.repair.has(suspect.kind));
    const doomed = asked.filter(({ says }) => says.beyondRepair === undefined);
    const outcomes = new Map<Suspect, Repaired>();
    for (const { suspect, says } of asked)
      if (says.beyondRepair !== undefined) outcomes.set(suspect, { why: says.beyondRepair });
    if (doomed.length > 0) {
      const repaired = await this.#repairer.repair(doomed.map(({ suspect }) => suspect));
      for (const [i, { suspect }] of doomed.entries()) outcomes.set(suspect, repaired[i]!);
    }
    for (const { suspect, says } of wrong) await this.#report(suspect, says, outcomes.get(suspect));
  }

  async #report(
    suspect: Suspect,
    says: NonNullable<Awaited<ReturnType<Suspect["look"]>>>,
    repaired: Repaired | undefined,
  ): Promise<void> {
    let finding = findingOf(suspect, says);
    const { kind } = finding;
    this.#found += 1;
    const count = (this.#counts[kind] ?? 0) + 1;
    this.#counts[kind] = count;
    if (repaired === "done") {
      this.#repaired[kind] = (this.#repaired[kind] ?? 0) + 1;
      finding = Object.freeze({ ...finding, isRepaired: true });
    } else if (repaired !== undefined) {
      finding = Object.freeze({ ...finding, isRepaired: false, unrepaired: repaired.why });
    }
    if (count <= this.#settings.listed) this.#findings.push(finding);
    await this.#settings.onFinding?.(finding);
  }

  async #step(phase: CheckProgress["phase"], at: string): Promise<void> {
    const nodes = phase === "orphans" ? this.#orphans.reached : this.#looked.node;
    this.#settings.onProgress?.({ phase, at, nodes, edges: this.#looked.edge, found: this.#found });
    await this.#pause();
  }

  async #pause(): Promise<void> {
    await this.#host.nextTurn();
    this.#settings.signal?.throwIfAborted();
    if (this.#host.isClosed()) throw new ClosedError({ message: "check: the graph was closed meanwhile" });
  }
}

class Report implements CheckReport {
  readonly isClean!: boolean;
  readonly findings!: readonly Finding[];
  readonly counts!: Readonly<Counts>;
  readonly repaired!: Readonly<Counts>;
  readonly unsettled!: number;
  readonly nodes!: number;
  readonly edges!: number;

  constructor(facts: Omit<CheckReport, "toString">) {
    Object.assign(this, facts);
    Object.freeze(this);
  }

  toString(): string {
    const looked = `${this.nodes} ${plural("node", this.nodes)} and ${this.edges} ${plural("edge", this.edges)}`;
    if (this.isClean) return `nothing wrong with ${looked}`;
    const total = Object.values(this.counts).reduce((sum, count) => sum + count, 0);
    const lines = this.findings.map(({ kind, message, isRepaired, unrepaired }) => {
      const outcome = isRepaired
        ? " (repaired)"
        : unrepaired === undefined
          ? ""
          : ` (not repaired: ${unrepaired})`;
      return `${kind.padEnd(10)}  ${message}${outcome}`;
    });
    if (total > this.findings.length) lines.push(`and ${total - this.findings.length} more`);
    return [...lines, `${total} ${plural("finding", total)} in ${looked}`].join("\n");
  }
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}
