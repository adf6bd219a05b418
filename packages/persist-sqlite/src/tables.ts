import { idTextSql } from "./id-halves.ts";

/** Marks the file as one of this library: "RWLK" in the header of the file, `PRAGMA application_id`. */
export const applicationId = 0x52574c4b;

/** The format that this version writes. A file of a greater one is refused. FORMAT.md describes it. */
export const formatVersion = 1;

/**
 * Tables, indexes and views of format 1.
 *
 * Nodes have a small number of their own, which edges name them by: with the 63-bit key there, an edge would take 151
 * instead of 131 bytes and a bulk load two thirds of the rate. Edges are named by nothing, so that the key is their row
 * id: rows, both adjacency indexes and scans are in connection order, and no index of ids is needed.
 */
export const createTables: string = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

  CREATE TABLE types (
    nr         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL CHECK (kind IN ('node', 'edge')),
    parent     TEXT,
    undirected INTEGER NOT NULL,
    shapes     TEXT NOT NULL
  ) STRICT;

  CREATE TABLE indexes (
    nr        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT NOT NULL,
    type      TEXT NOT NULL,
    fields    TEXT NOT NULL,
    is_unique INTEGER NOT NULL,
    per_owner INTEGER NOT NULL,
    slot      INTEGER NOT NULL,
    own_slot  INTEGER,
    built     INTEGER
  ) STRICT;

  CREATE TABLE owners (
    nr   INTEGER PRIMARY KEY,
    key  INTEGER NOT NULL,
    rest INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX owners_id ON owners (key, rest);

  CREATE TABLE nodes (
    nr             INTEGER PRIMARY KEY,
    key            INTEGER NOT NULL,
    rest           INTEGER NOT NULL,
    type           INTEGER NOT NULL,
    owner          INTEGER NOT NULL,
    data_version   INTEGER NOT NULL,
    access_version INTEGER NOT NULL,
    shape          INTEGER NOT NULL,
    gone           INTEGER,
    access         TEXT,
    data           TEXT
  ) STRICT;
  CREATE UNIQUE INDEX nodes_id ON nodes (key, rest);
  CREATE INDEX nodes_type ON nodes (type, key) WHERE gone IS NULL;
  CREATE INDEX nodes_gone ON nodes (gone) WHERE gone IS NOT NULL;

  CREATE TABLE edges (
    key            INTEGER PRIMARY KEY,
    rest           INTEGER NOT NULL,
    type           INTEGER NOT NULL,
    source         INTEGER NOT NULL,
    target         INTEGER NOT NULL,
    owner          INTEGER NOT NULL,
    data_version   INTEGER NOT NULL,
    access_version INTEGER NOT NULL,
    shape          INTEGER NOT NULL,
    access         TEXT,
    data           TEXT
  ) STRICT;
  CREATE INDEX edges_source ON edges (source, type);
  CREATE INDEX edges_target ON edges (target, type);

  CREATE TABLE edge_collisions (
    nr   INTEGER PRIMARY KEY,
    key  INTEGER NOT NULL,
    rest INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX edge_collisions_id ON edge_collisions (key, rest);

  CREATE TABLE commits (
    seq     INTEGER PRIMARY KEY,
    unit    BLOB,
    newest  BLOB,
    changes BLOB
  ) STRICT;

  CREATE VIEW node AS
    SELECT ${idTextSql("n.key", "n.rest")} AS id, t.name AS type,
           ${idTextSql("o.key", "o.rest")} AS owner,
           coalesce(n.access, '{"all":"none"}') AS access, coalesce(n.data, '{}') AS data,
           n.data_version, n.access_version, n.shape, n.nr
      FROM nodes n JOIN types t ON t.nr = n.type JOIN owners o ON o.nr = n.owner
     WHERE n.gone IS NULL;

  CREATE VIEW edge AS
    SELECT ${idTextSql("coalesce(c.key, e.key)", "e.rest")} AS id, t.name AS type,
           ${idTextSql("s.key", "s.rest")} AS source, ${idTextSql("d.key", "d.rest")} AS target,
           ${idTextSql("o.key", "o.rest")} AS owner,
           coalesce(e.access, '{"all":"read"}') AS access, coalesce(e.data, '{}') AS data,
           e.data_version, e.access_version, e.shape, e.key
      FROM edges e JOIN types t ON t.nr = e.type
      JOIN nodes s ON s.nr = e.source JOIN nodes d ON d.nr = e.target JOIN owners o ON o.nr = e.owner
      LEFT JOIN edge_collisions c ON e.key < 0 AND c.nr = -e.key
     WHERE s.gone IS NULL AND d.gone IS NULL;
`;

/** The column of an index slot; slots are made as indexes need them. */
export function slotColumn(slot: number): string {
  return `k${slot}`;
}

export function addSlot(slot: number): string {
  const column = slotColumn(slot);
  return (
    `ALTER TABLE nodes ADD COLUMN ${column} BLOB; ` +
    `CREATE UNIQUE INDEX nodes_${column} ON nodes (${column}) WHERE ${column} IS NOT NULL;`
  );
}

/** What a file of this format has, for a look at the schema when it is opened. */
export const tableNames: readonly string[] = [
  "meta",
  "types",
  "indexes",
  "owners",
  "nodes",
  "edges",
  "edge_collisions",
  "commits",
];
