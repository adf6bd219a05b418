import { ValidationError } from "../errors.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { Entity, EntityClass } from "../schema/entity.ts";
import type { WalkContext } from "./context.ts";
import { HandlersDefinition, type TypeRegistration } from "./handlers.ts";
import type { Registration } from "./registration.ts";
import type { WalkerDefinition, WalkerIdentity } from "./walker.ts";

/** A handler as the engine calls it, whoever it belongs to. */
export type Handler = (w: WalkContext, here: Entity) => unknown;

/** How a handler is told to people. */
export interface HandlerLabel {
  /** As it was registered: `post_message.entry(Room)`, `handlers(Room).exit(post_message)`. */
  readonly name: string;
  /** In the order of a visit, 1 to 3 and 5 to 7; undefined for the walker's untyped handlers. */
  readonly phase: number | undefined;
}

interface Labelled extends HandlerLabel {
  readonly handler: Handler;
}

/** What dispatch asks of a graph's catalog. */
export type WalkTypes = Pick<Catalog, "definitionOf" | "definition" | "numberOf" | "isA" | "size">;

type Side = "entries" | "exits";

/**
 * The handlers of one graph's types, and for each walker which handlers run where. Made when the graph is opened;
 * what it works out for a walker it keeps.
 */
export class HandlerTable {
  readonly #types: WalkTypes;
  readonly #owned: Readonly<Record<Side, ReadonlyMap<number, readonly TypeRegistration[]>>>;
  readonly #dispatches: WeakMap<WalkerDefinition, Dispatch> = new WeakMap();

  /**
   * @param definitions in the order in which they are to run; a registration that came twice runs once
   * @throws {ValidationError} `RW_UNKNOWN_TYPE` for handlers of a type that the graph was not opened with
   */
  constructor(types: WalkTypes, definitions: readonly HandlersDefinition[]) {
    this.#types = types;
    const owned = {
      entries: new Map<number, TypeRegistration[]>(),
      exits: new Map<number, TypeRegistration[]>(),
    };
    for (const definition of definitions) register(types, definition, owned);
    this.#owned = owned;
  }

  /** @throws {ValidationError} `RW_UNKNOWN_TYPE` where the walker has a handler for a type unknown here */
  dispatchOf(walker: WalkerDefinition): Dispatch {
    let dispatch = this.#dispatches.get(walker);
    if (dispatch === undefined) {
      dispatch = new Dispatch(walker, this.#types, this.#owned);
      this.#dispatches.set(walker, dispatch);
    }
    return dispatch;
  }
}

function register(
  types: WalkTypes,
  definition: HandlersDefinition,
  owned: Readonly<Record<Side, Map<number, TypeRegistration[]>>>,
): void {
  if (!(definition instanceof HandlersDefinition)) {
    throw new TypeError("handlers are what handlers(Type).entry(…) gives");
  }
  const number = requireNumber(types, definition.type, `handlers(${definition.type.name})`);
  for (const side of ["entries", "exits"] as const) {
    const list = owned[side].get(number) ?? [];
    for (const registration of definition[side]) if (!list.includes(registration)) list.push(registration);
    owned[side].set(number, list);
  }
}

/** Which handlers run for one walker in one graph, in order. */
export class Dispatch {
  /** The walker's untyped handlers, for the start and the end of a walk. */
  readonly begin: readonly Handler[];
  readonly end: readonly Handler[];
  readonly #build: (side: Side, type: number) => readonly Labelled[];
  readonly #labels: WeakMap<readonly Handler[], readonly HandlerLabel[]> = new WeakMap();
  readonly #entries: (readonly Handler[] | undefined)[] = [];
  readonly #exits: (readonly Handler[] | undefined)[] = [];

  constructor(
    walker: WalkerDefinition,
    types: WalkTypes,
    owned: Readonly<Record<Side, ReadonlyMap<number, readonly TypeRegistration[]>>>,
  ) {
    this.begin = this.#keep(untyped(`${walker.name}.entry`, walker.entries));
    this.end = this.#keep(untyped(`${walker.name}.exit`, walker.exits));
    const own = {
      entries: numbered(walker, walker.entries, types),
      exits: numbered(walker, walker.exits, types),
    };
    this.#build = (side, type) => {
      // Base types have lower numbers than their subtypes.
      const lineage: number[] = [];
      for (let number = 1; number < types.size; number++) if (types.isA(type, number)) lineage.push(number);
      const isEntry = side === "entries";
      const verb = isEntry ? "entry" : "exit";
      const ofWalker = own[side]
        .filter((registration) => lineage.some((number) => registration.types.has(number)))
        .map(({ handler, names }) => ({
          handler: handler as Handler,
          name: `${walker.name}.${verb}(${names})`,
          phase: isEntry ? 1 : 7,
        }));
      const ofType = (phase: number, of: WalkerDefinition | undefined): Labelled[] =>
        lineage.flatMap((number) =>
          calls(owned[side].get(number) ?? [], of?.walkerId).map((handler) => ({
            handler,
            name: `handlers(${types.definition(number).name}).${verb}${of === undefined ? "" : `(${of.name})`}`,
            phase,
          })),
        );
      const ofTypeForAny = ofType(isEntry ? 2 : 6, undefined);
      const ofTypeForWalker = ofType(isEntry ? 3 : 5, walker);
      return side === "entries"
        ? [...ofWalker, ...ofTypeForAny, ...ofTypeForWalker]
        : [...ofTypeForWalker, ...ofTypeForAny, ...ofWalker];
    };
  }

  /** Phases 1 to 3: the walker's typed entries, the type's untyped entries, the type's entries for this walker. */
  entriesOf(type: number): readonly Handler[] {
    return this.#entries[type] ?? this.#fill(this.#entries, "entries", type);
  }

  /** Phases 5 to 7: the type's exits for this walker, the type's untyped exits, the walker's typed exits. */
  exitsOf(type: number): readonly Handler[] {
    return this.#exits[type] ?? this.#fill(this.#exits, "exits", type);
  }

  #fill(lists: (readonly Handler[] | undefined)[], side: Side, type: number): readonly Handler[] {
    const list = this.#keep(this.#build(side, type));
    // Dense, so that the array stays one that is read by index.
    while (lists.length <= type) lists.push(undefined);
    lists[type] = list;
    return list;
  }

  /** What the handlers of a list that was given here are called. */
  labelsOf(handlers: readonly Handler[]): readonly HandlerLabel[] {
    return this.#labels.get(handlers) ?? [];
  }

  #keep(labelled: readonly Labelled[]): readonly Handler[] {
    const list = labelled.map(({ handler }) => handler);
    this.#labels.set(list, labelled);
    return list;
  }
}

function untyped(name: string, registrations: readonly Registration[]): Labelled[] {
  return registrations
    .filter((registration) => registration.types === undefined)
    .map(({ handler }) => ({ handler: handler as Handler, name, phase: undefined }));
}

interface Numbered {
  readonly types: ReadonlySet<number>;
  /** Of these types. */
  readonly names: string;
  readonly handler: Registration["handler"];
}

function numbered(
  walker: WalkerDefinition,
  registrations: readonly Registration[],
  types: WalkTypes,
): Numbered[] {
  const list: Numbered[] = [];
  for (const registration of registrations) {
    if (registration.types === undefined) continue;
    const numbers = registration.types.map((type) => requireNumber(types, type, `walker ${walker.name}`));
    const names = numbers.map((number) => types.definition(number).name).join(", ");
    list.push({ types: new Set(numbers), names, handler: registration.handler });
  }
  return list;
}

/** Handlers of types take the record first. */
function calls(registrations: readonly TypeRegistration[], walkerId: WalkerIdentity | undefined): Handler[] {
  const list: Handler[] = [];
  for (const registration of registrations) {
    if (registration.walkerId !== walkerId) continue;
    const handler = registration.handler as (here: Entity, w: WalkContext) => unknown;
    list.push((w, here) => handler(here, w));
  }
  return list;
}

/** @throws {ValidationError} `RW_UNKNOWN_TYPE` */
function requireNumber(types: WalkTypes, type: EntityClass, where: string): number {
  try {
    return types.numberOf(types.definitionOf(type).name);
  } catch (cause) {
    if (!(cause instanceof ValidationError)) throw cause;
    const { code, remedy, details } = cause;
    throw new ValidationError({
      code,
      message: `${where} has a handler for ${type.name}, which this graph was not opened with`,
      remedy,
      details,
      cause,
    });
  }
}
