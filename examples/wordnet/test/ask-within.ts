// Answers each question on standard input with a line of JSON, over the file in argv and within the bound of L1 in argv.
// It stays until its input ends, so that whoever asked can measure it.
import { createInterface } from "node:readline";
import { openGraph } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { answer } from "../src/answers.ts";
import { parseQuestion } from "../src/question.ts";
import { Sense, types, Word } from "../src/schema.ts";

const [file, maxEntries] = process.argv.slice(2) as [string, string?];
// SQLite's own cache is of no interest here, so it is kept small.
const store = sqlite(file, { cacheMiB: 4 });
const graph = await openGraph({ types, store, cache: maxEntries ? { maxEntries: Number(maxEntries) } : {} });
// Counting goes over the pointers and what they connect; these are the others.
await graph.nodes(Word).ids();
await graph.edges(Sense).ids();
for await (const line of createInterface({ input: process.stdin })) {
  const found = await answer(graph, parseQuestion(line.split(" ")));
  const { nodes, edges } = graph.status().cache;
  process.stdout.write(`${JSON.stringify({ found, resident: nodes + edges })}\n`);
}
await graph.close();
