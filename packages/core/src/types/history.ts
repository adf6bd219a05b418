/**
 * One thing that happened to a type since its first version, beyond fields that were added or left out, which need no
 * step. A type's `history` lists them, oldest first; steps are added at its end and stay.
 */
export type HistoryStep =
  | FormerName
  | RenamedFields
  | TransformedFields
  | DroppedFields
  | AddedFields
  | RecheckedFields
  | AsideFields;

/** The type had this name until then. */
export interface FormerName {
  readonly formerly: string;
}

/** Fields that got another name: the old one to the new one. */
export interface RenamedFields {
  readonly rename: Readonly<Record<string, string>>;
}

/** Fields whose stored values were made into others: split, merged, or kept in another form. */
export interface TransformedFields {
  /** The fields that `by` is given. Those that are not in `into` as well are gone afterwards, unless `keep` says otherwise. */
  readonly transform: readonly string[];
  /** The fields that `by` gives. */
  readonly into: readonly string[];
  /**
   * Makes the new values of the old ones, as they were stored; absent fields are undefined. Pure and synchronous, for it
   * may run at every read until the record is rewritten. It is not called for a record that has none of the old fields.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the old fields have no validators any more; annotate the parameter
  readonly by: (old: any) => object;
  /** The fields in `transform` stay as they are, and go on being fields. */
  readonly keep?: boolean;
}

/** Fields that went, with their values: these are not kept aside when a record is rewritten. */
export interface DroppedFields {
  readonly drop: readonly string[];
}

/** New fields under names that earlier steps have done away with. Only these need a step. */
export interface AddedFields {
  readonly add: readonly string[];
}

/** Fields whose validators refuse more than before: stored values are validated again. */
export interface RecheckedFields {
  readonly recheck: readonly string[];
}

/**
 * Fields that an earlier step names and that were left out since; their values are kept aside. Only these need a step:
 * without it, a name that a step ends in and that the type does not have is taken for a mistake.
 */
export interface AsideFields {
  readonly aside: readonly string[];
}
