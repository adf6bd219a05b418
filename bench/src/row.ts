import type { FixtureName, Fixtures } from "./fixtures.ts";
import type { RowFacts, Sides } from "./harness.ts";

/** One line of the report, as data: what it claims, what it needs, and how to make its two sides. */
export interface Row extends RowFacts {
  readonly uses: readonly FixtureName[];
  setup(fixtures: Fixtures): Sides | Promise<Sides>;
}

/** Like {@link Row}; `setup` sees only the fixtures that `uses` names. */
interface RowOf<Used extends FixtureName> extends RowFacts {
  readonly uses: readonly Used[];
  setup(fixtures: Pick<Fixtures, Used | "scale">): Sides | Promise<Sides>;
}

export function row<const Used extends FixtureName>(definition: RowOf<Used>): Row {
  return definition;
}
