import { openAndHop } from "../ours.ts";
import { RawGraph } from "../peers/raw-sqlite.ts";

// Opens a file in a process that has just started and asks one question; prints how long both took together.
// Modules are loaded before the clock starts, the SQLite addon by whoever opens first: on both sides inside.

const [side, file, id] = process.argv.slice(2) as ["ours" | "raw", string, string];

const started = performance.now();
let names: string[];
let close: () => unknown;
if (side === "ours") {
  const { graph, neighbours } = await openAndHop(file, id);
  names = neighbours.map(({ name }) => name);
  close = () => graph.close();
} else {
  const graph = new RawGraph(file, "FULL");
  names = graph.neighbours(Buffer.from(id, "hex")).map(({ name }) => name);
  close = () => graph.close();
}
const milliseconds = performance.now() - started;

await close();
console.log(JSON.stringify({ milliseconds, names }));
