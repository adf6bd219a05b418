import { bundle, runChild } from "../child-process.ts";
import { loadOursFile, loadRawFile } from "../files.ts";
import { openForOneTest, openOurs } from "../ours.ts";
import { drawSources, generateRmat } from "../rmat.ts";
import { type Row, row } from "../row.ts";
import { repeated, type Sample } from "../sample.ts";
import type { Scratch } from "../scratch.ts";

// What only a process that has just started can show: opening, importing, and what a graph takes of the heap.

/** @param offset the file's scale relative to the bench's: the time must not follow it */
function openAndFirstHop(offset: number): Row {
  return row({
    id: "P10",
    what: `open + first hop in a fresh process, scale ${offset < 0 ? "−" : "+"}${Math.abs(offset)}`,
    peerName: "raw better-sqlite3",
    compare: "cost",
    unit: "ms",
    floor: 3,
    target: 2,
    uses: ["scratch"],
    async setup({ scale, scratch }) {
      const data = generateRmat({ scale: scale + offset });
      const [source] = drawSources(data, 1, 51) as [number];
      const child = await bundle("children/open.ts", scratch.file("open.mjs"));
      const raw = loadRawFile(scratch.file("open-raw.db"), data);
      const ours = await loadOursFile(scratch.file("open-ours.db"), data);
      const open = async (...args: [side: string, file: string, id: string]): Promise<Sample> => {
        const { milliseconds, names } = (await runChild(child, args)) as {
          milliseconds: number;
          names: string[];
        };
        return { cost: milliseconds, answer: names };
      };
      return {
        ours: () => open("ours", ours.file, ours.ids.nodes[source] as string),
        peer: () => open("raw", raw.file, (raw.ids.nodes[source] as Buffer).toString("hex")),
      };
    },
  });
}

type HeapSide = "ours" | "graphology";

async function heapChild(scratch: Scratch, scale: number) {
  const child = await bundle("children/heap.ts", scratch.file("heap.mjs"));
  return async (side: HeapSide, content: "nodes" | "edges") =>
    (await runChild(child, [side, content, String(scale)], ["--expose-gc"])) as {
      bytes: number;
      size: number;
    };
}

const heap = {
  id: "P16",
  peerName: "graphology",
  compare: "cost",
  unit: "B",
  // A live heap hardly varies, and each round loads the whole graph.
  rounds: 5,
  uses: ["scratch"],
} as const;

export const freshProcessRows: readonly Row[] = [
  openAndFirstHop(-2),
  openAndFirstHop(1),
  row({
    ...heap,
    what: "heap per node, in memory",
    floor: 0.8,
    target: 0.5,
    async setup({ scale, scratch }) {
      const hold = await heapChild(scratch, scale);
      const sample = async (side: HeapSide): Promise<Sample> => {
        const { bytes, size } = await hold(side, "nodes");
        return { cost: bytes / size, answer: size };
      };
      return { ours: () => sample("ours"), peer: () => sample("graphology") };
    },
  }),
  row({
    ...heap,
    what: "heap per edge, in memory",
    floor: 0.6,
    target: 0.4,
    async setup({ scale, scratch }) {
      const hold = await heapChild(scratch, scale);
      const nodes: Record<HeapSide, { bytes: number; size: number }> = {
        ours: await hold("ours", "nodes"),
        graphology: await hold("graphology", "nodes"),
      };
      const sample = async (side: HeapSide): Promise<Sample> => {
        const { bytes, size } = await hold(side, "edges");
        const edges = size - nodes[side].size;
        return { cost: (bytes - nodes[side].bytes) / edges, answer: edges };
      };
      return { ours: () => sample("ours"), peer: () => sample("graphology") };
    },
  }),
  row({
    id: "import",
    what: 'import "@rootwalk/core" in a fresh process',
    compare: "absolute",
    unit: "ms",
    floor: 60,
    target: 60,
    uses: ["scratch"],
    async setup({ scratch }) {
      const core = await bundle("children/core.ts", scratch.file("core.mjs"), "external");
      const script = `const t = performance.now(); await import(process.argv[1]); console.log(performance.now() - t)`;
      const flags = ["--input-type=module", "--eval"];
      return {
        ours: async () => ({ cost: (await runChild(script, [core], flags)) as number, answer: undefined }),
      };
    },
  }),
  row({
    id: "open",
    what: "openGraph in memory",
    compare: "absolute",
    unit: "ms",
    floor: 1,
    target: 1,
    uses: [],
    setup: () => ({
      ours: repeated("ms", 1, async () => {
        const graph = await openOurs();
        await graph.close();
      }),
    }),
  }),
  row({
    id: "test",
    what: "testGraph with a user, in memory",
    compare: "absolute",
    unit: "ms",
    floor: 1,
    target: 1,
    uses: [],
    setup: () => ({
      ours: repeated("ms", 1, openForOneTest),
    }),
  }),
];
