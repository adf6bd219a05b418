import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeConformance } from "@rootwalk/core/conformance";
import { checkedStore, type Store } from "@rootwalk/core/store";
import { afterAll, describe, test } from "vitest";
import { sqlite } from "../src/index.ts";
import { Database } from "./database.ts";

const directory = mkdtempSync(join(tmpdir(), "rootwalk-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Place {
  readonly path: string;
  now: number;
}

const places = new Map<Store, Place>();
let files = 0;

function open(place: Place, durability: "full" | "normal"): Store {
  const store = checkedStore(sqlite(place.path, { durability, environment: { now: () => place.now } }));
  places.set(store, place);
  return store;
}

function placeOf(store: Store): Place {
  return places.get(store) as Place;
}

for (const durability of ["full", "normal"] as const) {
  describe(`a SQLite file, durability "${durability}"`, () => {
    storeConformance({
      describe,
      test,
      create: () => open({ path: join(directory, `${++files}.db`), now: 1_000_000 }, durability),
      reopen: (store) => open(placeOf(store), durability),
      connect: (store) => open(placeOf(store), durability),
      damage: (store, kind, id) => {
        const database = new Database(placeOf(store).path);
        database
          .prepare(
            kind === "node"
              ? "UPDATE nodes SET data = '{' WHERE nr = (SELECT nr FROM node WHERE id = ?)"
              : "UPDATE edges SET data = '{' WHERE key = (SELECT key FROM edge WHERE id = ?)",
          )
          .run(id);
        database.close();
      },
      misfile: (store, index, id) => {
        const database = new Database(placeOf(store).path);
        const slots = database.prepare("SELECT slot, own_slot FROM indexes WHERE name = ?").raw().get(index);
        for (const slot of (slots as (number | null)[]).filter((each) => each !== null))
          database
            .prepare(`UPDATE nodes SET k${slot} = NULL WHERE nr = (SELECT nr FROM node WHERE id = ?)`)
            .run(id);
        database.close();
      },
      passTime: (store, ms) => {
        placeOf(store).now += ms;
      },
    });
  });
}
