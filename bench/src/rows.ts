import { freshProcessRows } from "./cases/fresh-process.ts";
import { linkBenchRows } from "./cases/linkbench.ts";
import { loadRows } from "./cases/load.ts";
import { singleHopRows } from "./cases/single-hop.ts";
import { smallWriteRows } from "./cases/small-writes.ts";
import { traversalRows } from "./cases/traversal.ts";
import { walkRows } from "./cases/walks.ts";
import type { Row } from "./row.ts";

const ORDER = "P1 P2 P4 P5 P6 P7 P9 P10 P11 P12 P13 P14 P15 P15b P15c P16 P17 P17c import open test".split(
  " ",
);

/** Every row, in the order in which they are measured and reported. */
export const rows: readonly Row[] = [
  ...traversalRows,
  ...singleHopRows,
  ...walkRows,
  ...freshProcessRows,
  ...loadRows,
  ...smallWriteRows,
  ...linkBenchRows,
].sort((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id));

/** The ids that `--only` knows. */
export const rowIds: readonly string[] = ORDER;
