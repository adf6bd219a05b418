import { withoutRoot } from "../model/access-record.ts";
import type { Id } from "../model/id.ts";
import type { CommitRecord, Guard, Guards } from "../persistence/change.ts";
import type { RowView } from "../persistence/row-view.ts";
import { EdgeRows, type FieldData, NodeRows, type RecordUpdate, RowDamage } from "../persistence/rows.ts";
import type { CommitOutcome, Store } from "../persistence/store.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import type { MaybePromise } from "../util/maybe-async.ts";
import type { Suspect } from "./finding.ts";
import { atOneMoment, type Involved, type Look, touches } from "./look.ts";
import { missingRoots } from "./record-pass.ts";

/** How often a repair is tried that others' commits get in the way of. */
const MOST_TRIES = 20;

/** What repairs need of the graph around them. */
export interface RepairHost {
  readonly store: Store;
  newUnitId(): Id;
  /** L1 and open units learn what was committed beside them. */
  follow(): MaybePromise<void>;
  /** There is something to purge. */
  wakePurger(): void;
  wait(ms: number): Promise<void>;
}

/** What has become of a repair. */
export type Repaired = "done" | { readonly why: string };

const OVERTAKEN: Repaired = Object.freeze({ why: "others changed it each time it was to be repaired" });

/**
 * Mends findings by small commits, each guarded by what was seen to be wrong: nobody's write in between is lost. Clients
 * of the store learn of them as of any commit.
 */
export class Repairer {
  readonly #host: RepairHost;
  readonly #indexes: CatalogDescription["indexes"];

  constructor(host: RepairHost, { indexes }: CatalogDescription) {
    this.#host = host;
    this.#indexes = indexes;
  }

  /** One outcome for each of the findings, which are of one stretch. */
  async repair(suspects: readonly Suspect[]): Promise<Repaired[]> {
    const outcomes: Repaired[] = suspects.map(() => OVERTAKEN);
    const filed = suspects.flatMap((suspect, i) => (suspect.kind === "adjacency" ? [i] : []));
    const written = suspects.flatMap((suspect, i) => (suspect.kind === "adjacency" ? [] : [i]));
    if (filed.length > 0) {
      const outcome = await this.#refile(filed.map((i) => suspects[i]!.id));
      for (const i of filed) outcomes[i] = outcome;
    }
    if (written.length > 0) {
      const outcome = await this.#write(written.map((i) => suspects[i]!));
      for (const i of written) outcomes[i] = outcome;
      // What is refused together may be possible one by one.
      if (outcome !== "done" && written.length > 1)
        for (const i of written) outcomes[i] = await this.#write([suspects[i]!]);
    }
    for (const [i, outcome] of outcomes.entries())
      if (outcome === "done" && (await this.#isStillWrong(suspects[i]!)))
        outcomes[i] = { why: "it was written anew, and is wrong as before" };
    return outcomes;
  }

  /** Deletes nodes as long as `doomed` names them, with the evidence for that. */
  async deleteNodes(
    doomed: (look: Look) => Promise<readonly RowView[]>,
    involved: () => Involved,
  ): Promise<readonly Id[] | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const settled = await atOneMoment(this.#host.store, doomed, involved);
      if (settled === undefined) return undefined;
      const { look, says } = settled;
      if (says.length === 0) return [];
      const updates = says.map(({ id, type }): RecordUpdate => ({ kind: "node", id, type, remove: true }));
      const outcome = await this.#commit(look, updates);
      if (outcome.status === "committed") return says.map(({ id }) => id);
    }
    return undefined;
  }

  async #isStillWrong(suspect: Suspect): Promise<boolean> {
    const settled = await atOneMoment(this.#host.store, (look) => suspect.look(look));
    return settled?.says !== undefined;
  }

  async #refile(edges: readonly Id[]): Promise<Repaired> {
    const { store } = this.#host;
    if (store.refile === undefined)
      return {
        why: `${store.name} has no way of filing edges anew; export the graph and import it into a new store`,
      };
    await store.refile([...new Set(edges)]);
    return "done";
  }

  async #write(suspects: readonly Suspect[]): Promise<Repaired> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const settled = await atOneMoment(this.#host.store, (look) => this.#updates(look, suspects));
      if (settled === undefined) return OVERTAKEN;
      if (settled.says.length === 0) return "done";
      const outcome = await this.#commit(settled.look, settled.says);
      if (outcome.status === "committed") return "done";
      if (outcome.status === "duplicate")
        return { why: `another record has its key of ${outcome.index}; change one of the two` };
    }
    return OVERTAKEN;
  }

  /** What is to be written, by what is wrong now. */
  async #updates(look: Look, suspects: readonly Suspect[]): Promise<RecordUpdate[]> {
    const updates = new Map<Id, RecordUpdate>();
    for (const suspect of suspects) {
      const { kind, record, id } = suspect;
      if ((await suspect.look(look)) === undefined) continue;
      const view = await look.record(record, id);
      if (view === undefined) continue;
      const ends = record === "edge" ? { source: view.source, target: view.target } : {};
      const update = { kind: record, id, type: view.type, ...ends };
      const before = updates.get(id);
      if (before?.remove) continue;
      if (kind === "dangling" || kind === "unreadable" || kind === "owner") {
        updates.set(id, { ...update, remove: true });
      } else if (kind === "grant") {
        let access = view.access;
        for (const root of await missingRoots(look, view)) access = withoutRoot(access, root);
        updates.set(id, { ...update, ...before, access: { record: access, expected: view.accessVersion } });
      } else if (kind === "index" && record === "node" && !(view.fields instanceof RowDamage)) {
        updates.set(id, { ...update, ...before, data: this.#asItIs(view) });
      }
    }
    return [...updates.values()];
  }

  /** Whoever holds what an index said of the record looks again, so all its keys are said to have changed. */
  #asItIs({ fields, shape, dataVersion }: RowView): NonNullable<RecordUpdate["data"]> {
    const keyed = new Set(this.#indexes.flatMap((index) => index.fields));
    const changed = Object.keys(fields).filter((name) => keyed.has(name));
    return { fields: fields as FieldData, changed, shape, expected: dataVersion };
  }

  async #commit(look: Look, updates: readonly RecordUpdate[]): Promise<CommitOutcome> {
    const { store } = this.#host;
    const batch = {
      unitId: this.#host.newUnitId(),
      base: look.token,
      guards: new Evidence(look),
      nodes: new NodeRows(),
      edges: new EdgeRows(),
      updates,
    };
    for (;;) {
      const [outcome] = await store.commit([batch]);
      if (outcome!.status === "leased") {
        await this.#host.wait(50);
        continue;
      }
      await this.#host.follow();
      if (outcome!.status === "committed" && updates.some(({ kind, remove }) => kind === "node" && remove))
        this.#host.wakePurger();
      return outcome!;
    }
  }
}

/** What was looked at is as it was, and nobody has had to do with it. */
class Evidence implements Guards {
  readonly isEmpty = false;
  readonly #look: Look;

  constructor(look: Look) {
    this.#look = look;
  }

  conflictsWith(commits: readonly CommitRecord[]): boolean {
    return commits.some(({ changes }) => touches(changes, this.#look.involved));
  }

  [Symbol.iterator](): Iterator<Guard> {
    return this.#look.guards.values();
  }
}
