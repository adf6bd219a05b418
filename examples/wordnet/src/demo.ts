import { answer } from "./answers.ts";
import { render } from "./cli.ts";
import { databaseFile, openWordNet } from "./open.ts";
import { progressBar } from "./progress-bar.ts";
import { parseQuestion } from "./question.ts";
import { formatCount } from "./text.ts";

const questions = [
  "counts",
  "hypernyms dog",
  "common dog cat",
  "similarity dog cat",
  "similarity bank#n#1 bank#n#2",
  "parts car",
  "longest",
];

const drawBar = progressBar(process.stdout);
let imported = false;

console.log("Princeton WordNet 3.1 as a graph, in one SQLite file.\n");
const [graph, openMs] = await timed(() =>
  openWordNet(databaseFile, {
    onProgress: (status) => {
      imported = true;
      drawBar(status);
    },
  }),
);
console.log(`${imported ? "Imported and opened" : "Opened"} ${databaseFile} in ${formatMs(openMs)}.\n`);

for (const line of questions) {
  const question = parseQuestion(line.split(" "));
  const [found, ms] = await timed(() => answer(graph, question));
  console.log(`> ${line}    (${formatMs(ms)})\n${render(question, found)}\n`);
}
await graph.close();
console.log(
  `${formatCount(questions.length)} questions answered; ask your own: npm run -s wordnet -- hypernyms cat`,
);

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await work(), performance.now() - start];
}

function formatMs(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
