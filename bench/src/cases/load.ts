import { LOAD_CHUNK } from "../files.ts";
import { countOut, createRoots, loadAll, openOurs } from "../ours.ts";
import { RawGraph } from "../peers/raw-sqlite.ts";
import { drawSources, generateRmat } from "../rmat.ts";
import { type Row, row } from "../row.ts";
import { timed } from "../sample.ts";

/** A quarter of the nodes: the load is repeated in every round. */
const SMALLER_BY = 2;

export const loadRows: readonly Row[] = [
  row({
    id: "P11",
    what: "durable bulk load, validated, time per edge",
    peerName: "raw better-sqlite3",
    compare: "speedup",
    unit: "µs",
    floor: 0.6,
    target: 0.9,
    rounds: 5,
    uses: ["scratch"],
    setup({ scale, scratch }) {
      const data = generateRmat({ scale: scale - SMALLER_BY });
      const sources = drawSources(data, 100, 41);
      return {
        // Closing writes the log back into the file: loading is not done before that, on either side.
        async ours() {
          const file = scratch.file("load.db");
          const { cost, result: idOf } = await timed("µs", data.edgeCount, async () => {
            const graph = await openOurs(file, "full");
            const owner = graph.as((await createRoots(graph)).owner);
            const found = await loadAll(owner, data, LOAD_CHUNK);
            await graph.close();
            return found;
          });
          const graph = await openOurs(file);
          const answer = await countOut(graph, sources.map(idOf));
          await graph.close();
          return { cost, answer };
        },
        async peer() {
          const file = scratch.file("load.db");
          const { cost, result: ids } = await timed("µs", data.edgeCount, () => {
            const graph = new RawGraph(file, "FULL");
            const loaded = graph.load(data, LOAD_CHUNK);
            graph.close();
            return loaded;
          });
          const graph = new RawGraph(file, "FULL");
          const answer = sources.map((source) => graph.countOut(ids.nodes[source] as Buffer));
          graph.close();
          return { cost, answer };
        },
      };
    },
  }),
  row({
    id: "P12",
    what: "bytes on disk per edge",
    peerName: "raw tables, 16-byte unique ids",
    compare: "cost",
    unit: "B",
    floor: 1.5,
    target: 1.2,
    // A size has no noise.
    rounds: 1,
    uses: ["oursFile", "rawFile"],
    setup: ({ oursFile, rawFile }) => ({
      ours: () => ({ cost: oursFile.bytesPerEdge, answer: oursFile.ids.edges.length }),
      peer: () => ({ cost: rawFile.bytesPerEdge, answer: rawFile.ids.edges.length }),
    }),
  }),
];
