/** Whose move it is: the caller's input, a rule that held, or the machinery below. */
export type ErrorCategory = "user" | "constraint" | "system";

/** One line of the catalogue: what a code means and the way out. */
export interface ErrorCatalogueEntry {
  readonly category: ErrorCategory;
  readonly summary: string;
  readonly remedy: string;
}

/**
 * Every error code with its category, meaning and remedy. Codes are stable, wording may improve.
 * `docs/errors.md` is this table; a test keeps them equal (`vitest -u` rewrites the page).
 */
export const errorCodes = {
  // definitions and the types a graph is opened with
  RW_DEFINITION_NAME: {
    category: "user",
    summary: "A type, field, index or walker has a name that is reserved or unsafe.",
    remedy:
      "Choose an identifier of at most 64 letters, digits and underscores that does not start with a digit, `$` or `__`, and is no built-in member.",
  },
  RW_DEFINITION_DUPLICATE: {
    category: "user",
    summary: "Two definitions claim one name, or one definition is given under two classes.",
    remedy: "Rename one of them, or pass each class once.",
  },
  RW_DEFINITION_FIELD: {
    category: "user",
    summary: "A field of a definition is not a Standard Schema validator.",
    remedy:
      "Give each field a schema of zod, valibot, arktype or another library that implements Standard Schema.",
  },
  RW_DEFINITION_HISTORY: {
    category: "user",
    summary: "The history of a type contradicts itself or the type's fields.",
    remedy:
      "Mend the step that the message names; steps that were released stay as they are, and new ones follow them.",
  },
  RW_DEFINITION_OVERRIDE: {
    category: "user",
    summary: "A class member has the name of a stored field and would hide it.",
    remedy: "Rename the member; derive values with a getter or method of another name.",
  },
  RW_DEFINITION_ASYNC: {
    category: "user",
    summary: "A field validator, an access rule or a transform is asynchronous.",
    remedy:
      "Make it synchronous: fields are checked and rules are asked in the middle of a walk. Do asynchronous checks before the write.",
  },
  RW_DEFINITION_INDEX: {
    category: "user",
    summary: "An index or unique declaration names no field, an unknown field or one field twice.",
    remedy: "List one or more different fields of the type.",
  },
  RW_DEFINITION_ENDS: {
    category: "user",
    summary: "The ends of an edge type are not node types, or do not fit the type it extends.",
    remedy: "Name node types as `from` and `to`, as thunks where modules import each other.",
  },
  RW_DEFINITION_TYPE: {
    category: "user",
    summary: "Something that was given as a node or edge type is none, or is missing its base type.",
    remedy: "Pass classes that extend node(…), edge(…) or X.extend(…), together with the types they extend.",
  },
  RW_DEFINITION_WALKER: {
    category: "user",
    summary: "A walker definition or a handler registration is not valid.",
    remedy: "Check the walker's options and the arguments of the registration that the message names.",
  },
  RW_UNKNOWN_TYPE: {
    category: "user",
    summary: "A type was used that this graph was not opened with.",
    remedy: "Add the class to the `types` of openGraph.",
  },
  RW_UNKNOWN_FIELD: {
    category: "user",
    summary: "A field was named that the type does not have.",
    remedy: "Use one of the type's fields, or add the field to its definition.",
  },

  // values and records
  RW_FIELD_INVALID: {
    category: "user",
    summary: "The validator of a field refused the value.",
    remedy: "Give a value that the field's schema accepts; the issues are in `details.issues`.",
  },
  RW_FIELD_UNSTABLE: {
    category: "user",
    summary: "The output of a field's schema is not acceptable to it as input.",
    remedy:
      "Stored values are validated again later: let the schema accept what it puts out, for instance by a union of input and output.",
  },
  RW_FIELD_FAILED: {
    category: "user",
    summary: "The validator of a field threw.",
    remedy: "Let the schema report issues instead of throwing; the exception is the cause of this error.",
  },
  RW_INPUT_INVALID: {
    category: "user",
    summary: "The input of a walker, or a report, was refused by its schema.",
    remedy: "Give a value that the schema accepts; the issues are in `details.issues`.",
  },
  RW_VALUE_KIND: {
    category: "user",
    summary: "A value is of a kind that cannot be stored.",
    remedy:
      "Store JSON types, Date, bigint of 64 bits, Map, Set and Uint8Array; turn class instances and functions into plain data first.",
  },
  RW_VALUE_KEY: {
    category: "user",
    summary: "An object has a key that is unsafe to store, or a property that is not plain data.",
    remedy: "Rename the key, or use a Map for keys that you do not choose yourself.",
  },
  RW_VALUE_CYCLE: {
    category: "user",
    summary: "A value contains itself.",
    remedy: "Store the parts as nodes and connect them by edges.",
  },
  RW_VALUE_DEPTH: {
    category: "user",
    summary: "A value is nested too deeply.",
    remedy:
      "Flatten the value to at most 90 levels (a Map counts as three, a Set as two), or store its parts as nodes.",
  },
  RW_RECORD_TOO_LARGE: {
    category: "user",
    summary: "A record exceeds 8 MiB.",
    remedy: "Split the record, or keep large contents outside the graph and store a reference.",
  },
  RW_INDEX_KEY: {
    category: "user",
    summary: "A value cannot be part of an index key.",
    remedy: "Index fields that hold strings, numbers, bigints, booleans, Dates, bytes or null.",
  },
  RW_INDEX_KEY_TOO_LARGE: {
    category: "user",
    summary: "An index key exceeds 1 KiB.",
    remedy: "Shorten the indexed value, or index a digest of it.",
  },
  RW_ID_INVALID: {
    category: "user",
    summary: "A text is not a record id.",
    remedy: "Pass an id as the graph gave it: a UUIDv7 in lower-case canonical form.",
  },
  RW_FILTER_INVALID: {
    category: "user",
    summary: "A filter is not valid.",
    remedy: "Use plain values, the operators on fields, and `and`, `or`, `not` on the record.",
  },
  RW_QUERY_INVALID: {
    category: "user",
    summary: "An option or step of a query is not valid.",
    remedy: "Correct the argument that the message names.",
  },
  RW_WEIGHT_INVALID: {
    category: "user",
    summary: "The weight of an edge is no number from 0.",
    remedy:
      "Correct the edge that the message names, leave such edges out by a filter of `along`, or give `weight` as a function.",
  },
  RW_CURSOR_INVALID: {
    category: "user",
    summary: "A cursor does not belong to this query.",
    remedy: "Use a cursor with the query that gave it (its filters may differ), or start again without one.",
  },
  RW_EDGE_ENDS: {
    category: "user",
    summary: "An edge type does not connect nodes of these types.",
    remedy: "Use an edge type whose ends fit, or widen the ends in its definition.",
  },
  RW_ACCESS_LEVEL: {
    category: "user",
    summary: "A value is not an access level.",
    remedy: 'Use "none", "read", "connect" or "write".',
  },
  RW_OPTION_INVALID: {
    category: "user",
    summary: "An option is not valid.",
    remedy: "Correct the option that the message names.",
  },

  RW_IMPORT_LINE: {
    category: "user",
    summary: "A line of an import, or a row of a bulk load, is not valid.",
    remedy:
      "Correct the line that the message names and run it again: what is in the graph already is passed over. `details` has `line` (or `row`) and what was written before it.",
  },
  RW_IMPORT_FORMAT: {
    category: "user",
    summary: "What was given to be imported is no export of rootwalk, or of a later version.",
    remedy: "Give the lines as exportJsonl or `rootwalk export` writes them, the first one included.",
  },

  // rules that held
  RW_ACCESS_DENIED: {
    category: "constraint",
    summary: "The principal may not do this.",
    remedy: "Ask the owner for a grant of the required level, or act as a principal that has it.",
  },
  RW_NOT_FOUND: {
    category: "constraint",
    summary: "No record that you may read has this id or matches this query.",
    remedy: "Use get() or first() where absence is expected.",
  },
  RW_NOT_SINGLE: {
    category: "constraint",
    summary: "More than one record matches a query that asked for exactly one.",
    remedy: "Narrow the filter, or use first().",
  },
  RW_UNIQUE: {
    category: "constraint",
    summary: "A record with the same unique key exists; this is found out when the unit of work commits.",
    remedy:
      "Use ensure() to find or create, or choose another key; where ensure() ends in this as well, a record that this principal may not read has it. `details.id` is the record that was to have it, `values` are the key's.",
  },
  RW_ROOT_DELETE: {
    category: "constraint",
    summary: "A root is not deleted like another node.",
    remedy: "Let the system root call graph.deleteRoot(root).",
  },
  RW_CONFLICT: {
    category: "constraint",
    summary: "Other units of work changed what this one had read, in every attempt.",
    remedy: "Try again, make the unit shorter, or raise `attempts`.",
  },
  RW_CONFLICT_NESTED: {
    category: "constraint",
    summary: "A unit of work waits for another one that was opened inside its body.",
    remedy: "Use the `tx` (or walk) that the body was given, not `graph`, for what belongs to the same unit.",
  },
  RW_WALK_LIMIT: {
    category: "constraint",
    summary: "A walk made more visits than it may.",
    remedy: "Check the walk for a cycle, use `once` or ignore(), or raise `maxVisits`.",
  },
  RW_SEARCH_LIMIT: {
    category: "constraint",
    summary: "A search for paths or components needs more nodes and edges than it may take in.",
    remedy: "Narrow `along`, give a smaller `maxDepth`, or raise `maxEntries`.",
  },
  RW_UNIT_TOO_LARGE: {
    category: "constraint",
    summary: "A unit of work holds more changes or reads than it may.",
    remedy: "Split the work into several units.",
  },
  RW_NEWER_SHAPE: {
    category: "constraint",
    summary: "A record was written by newer code in a shape that this code may read but not write.",
    remedy: "Update this program before it writes such records.",
  },
  RW_CLOSED: {
    category: "constraint",
    summary: "The graph, store or unit of work is closed.",
    remedy:
      "Await every call before the body of its unit returns; use a record of an ended unit inside a new one, where it is read by its id; open a closed graph again.",
  },
  RW_CLOSE_WAITS: {
    category: "constraint",
    summary: "A graph was closed while units of work run that do not get on.",
    remedy:
      "Do not await close() in the body of a unit of work; end what the units wait for. The graph closes once they have ended, and close() can be called again.",
  },
  RW_UNIT_DOOMED: {
    category: "constraint",
    summary: "The unit of work was given up after an exception and takes no further calls.",
    remedy: "Let the exception leave the unit's body; what the unit did is discarded.",
  },

  // the machinery below
  RW_TIER_UNAVAILABLE: {
    category: "system",
    summary: "A store or cache that is needed cannot be reached.",
    remedy: "Try again when it is back; nothing that was acknowledged is lost.",
  },
  RW_COMMIT_UNKNOWN: {
    category: "system",
    summary: "It is not known whether a commit took place.",
    remedy: "Read again what the unit wrote before deciding; do not repeat it blindly.",
  },
  RW_CORRUPT_RECORD: {
    category: "system",
    summary: "A stored record cannot be read.",
    remedy:
      "Its reason is in `details`; the record is kept as it is, its neighbours are not affected, and graph.quarantine() lists all such records that were met.",
  },
  RW_STORE_CONTRACT: {
    category: "system",
    summary: "A store answered in a way that its contract does not allow.",
    remedy: "Run the conformance suite against the store adapter and report the failing case to its author.",
  },
  RW_STORE_FAILED: {
    category: "system",
    summary: "A store operation failed.",
    remedy: "Look at the cause; nothing of the operation was kept.",
  },
  RW_STORE_FORMAT: {
    category: "system",
    summary: "The data is not a rootwalk store, is damaged, or was written by a newer version.",
    remedy:
      "Check the path or address; open newer data with the version that wrote it; restore damaged data from a backup.",
  },
  RW_STORE_PLACE: {
    category: "system",
    summary: "The place of the store cannot be used: it is missing, read-only or full.",
    remedy: "Create the directory, give write permission or free space; what was acknowledged is kept.",
  },
  RW_STORE_DRIVER: {
    category: "system",
    summary: "No driver for the store is installed.",
    remedy: "Run the install command that the message names.",
  },
  RW_READ_ONLY: {
    category: "user",
    summary: "Something was to be written through a store that was opened for reading only.",
    remedy: "Open the store without `readOnly` to write.",
  },
  RW_STORE_CATALOG: {
    category: "system",
    summary: "The stored catalog and the definitions in the code contradict each other.",
    remedy:
      "Restore the kind and the base type that the stored type has, or give the changed type another name.",
  },
  RW_ID_EXHAUSTED: {
    category: "system",
    summary: "The clock, or an id that was read, lies beyond the range of ids.",
    remedy: "Correct the clock of the machine that wrote the newest records.",
  },
} as const;

/** A stable code such as `"RW_CONFLICT"`. */
export type ErrorCode = keyof typeof errorCodes;
