/** For each group of tests the sentence of `Store` that they are about. A test keeps them equal to `store.ts`. */
export const storeContract: Readonly<Record<string, string>> = {
  opening:
    "Creates what is missing, joins the catalog with the stored one (additively) and gives both back as one.",
  values: "`readNodes` and `readEdges` answer in any order, each record once.",
  "reading by id": "`readNodes` and `readEdges` answer in any order, each record once.",
  adjacency:
    "**Order.** `readNodes` and `readEdges` answer in any order, each record once. Adjacency is in edge id order, lookups in key order, scans in id order; ids compare as bytes.",
  lookups:
    "Order of the keys; records of one key follow in id order, ascending under `asc` and descending under `desc`.",
  scans: "Adjacency is in edge id order, lookups in key order, scans in id order; ids compare as bytes.",
  commits:
    "**Commits are atomic**, also across a crash, and are visible to every later read of this store object before they are acknowledged.",
  versions: "Versions start at 1 and an update makes `expected + 1`.",
  guards:
    "No batch of a call touches what another one's guards depend on, so each is checked against what became visible after its `base` by others only.",
  "unique keys":
    "**A unique key** is held by one record of the index's type or its subtypes; where the index is per owner, by one record of each owner. A record in which one of the key's fields is absent is exempt.",
  "units of work": "A batch whose unit id was committed before answers as then.",
  changes: "In the order in which they became visible, from just after `since`.",
  tokens:
    "**Reads are of one moment.** Every answer carries the token at which all of it was true. Commits that were acknowledged to this store object before the call are in it.",
  "concurrent callers":
    "**Commits are atomic**, also across a crash, and are visible to every later read of this store object before they are acknowledged.",
  "several clients": "Other processes may commit to the same data; `current` and `changes` tell of it.",
  leases: "Holds every other unit's commit back until `release` or for `ttlMs`, whichever is sooner.",
  purging:
    "Removes at most `limit` rows that are logically gone, outside the change feed. False once nothing is left.",
  counting: "What a store did since it was opened. Counts have no noise, so tests assert them.",
  "large values": "values are in the value domain",
  "damaged rows": "**Damage** is never dropped and never fatal to what lies beside it.",
  "filing anew":
    "**Writing files anew**: a commit that writes a node's fields puts it under the keys that they make, whatever it was under before, also where the fields are the same.",
  snapshots: "Holds the present moment for reading, until the snapshot or the store is closed.",
  closing: "Idempotent. Waits for what is under way.",
};
