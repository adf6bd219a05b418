/** For each group of tests the sentence of `Cache` that they are about. A test keeps them equal to `cache.ts`. */
export const cacheContract: Readonly<Record<string, string>> = {
  holding:
    "**What is given is what was set**, to the last bit: ids, type, owner, access record, both versions, shape, ends and fields of every kind of value.",
  versions:
    "**Versions win.** `setMany` leaves a record alone where what the cache knows of it is as new or newer, and says nothing about it; the other records of the call are taken all the same.",
  floors:
    "**What was named is the floor.** Once a version was set or named by an invalidation, nothing older is given or taken, whoever is slow.",
  leases:
    "**A slow reader cannot bring back the past.** A lease is given to one reader at a time. A fill (`setMany` with a lease) is taken only while its lease holds: whatever is set or invalidated of the record since, or the end of the lease's time, `leaseMs`, voids it. A lease is good once.",
  ages: "**Age is bounded.** Nothing is given `ttlMs` after it was put there",
  incarnations:
    "**One incarnation at a time.** Versions compare within one incarnation of the store. What was put under another one is not given, does not stand in the way, and its messages are not told.",
  messages:
    "**Whoever is told finds nothing older.** `invalidate` drops what is older than the version named, and then tells every subscriber of every client, the caller's own too, of each record at least once.",
  "several clients":
    "Other processes use the same cache: what one puts there the others find, and are told of.",
  "lost connections":
    "**Failure is fast.** A cache that cannot answer rejects at once and does not wait for a connection; it is the same as before once the connection is back.",
  closing: "Idempotent. Nobody is told of anything any more; what is held stays for others.",
};
