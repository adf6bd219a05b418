// Imports the folder in argv into the file in argv and prints a line after each unit of work: the parent kills it.
import { writeSync } from "node:fs";
import { openWordNet } from "../src/open.ts";

const [file, folder] = process.argv.slice(2) as [string, string];
const graph = await openWordNet(file, {
  folder,
  onProgress: ({ done }) => writeSync(1, `${done}\n`),
});
await graph.close();
