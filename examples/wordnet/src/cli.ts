import { createInterface } from "node:readline";
import type { Graph } from "@rootwalk/core";
import { type Answer, answer } from "./answers.ts";
import { parseQuestion, type Question, QuestionError } from "./question.ts";
import { asText } from "./text.ts";

export interface Surroundings {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Opens the graph; called once a question is known to be well formed. */
  open(): Promise<Graph>;
}

const usage = `npm run -s wordnet -- QUESTION [WORD…] [--json]

  counts                 how many synsets, senses and pointers there are
  hypernyms WORD         all ways up to the top
  common WORD WORD       the lowest common hypernyms
  similarity WORD WORD   path and Wu-Palmer similarity
  parts WORD             all its parts, members and substances, and theirs
  longest                the longest chain of hypernyms
  -                      one question a line from standard input, one line of JSON for each

A word may name its part of speech (n, v, a, r) and sense: bank, bank#n, bank#n#2.
Without them it is its first sense, nouns first. Blanks are written as underscores: hot_dog.
`;

/** Answers what the arguments ask and gives the exit status. */
export async function main(args: readonly string[], io: Surroundings): Promise<number> {
  const words = args.filter((arg) => arg !== "--json");
  if (words.length === 0 || words.includes("--help")) {
    (words.length === 0 ? io.stderr : io.stdout).write(usage);
    return words.length === 0 ? 1 : 0;
  }
  if (words.length === 1 && words[0] === "-") return answerLines(io);

  let graph: Graph | undefined;
  try {
    const question = parseQuestion(words);
    graph = await io.open();
    const found = await answer(graph, question);
    io.stdout.write(args.includes("--json") ? asJson(words, found) : `${render(question, found)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    await graph?.close();
  }
}

async function answerLines(io: Surroundings): Promise<number> {
  const graph = await io.open();
  try {
    for await (const line of createInterface({ input: io.stdin })) {
      const words = line.split(/\s+/).filter((word) => word !== "");
      if (words.length > 0) io.stdout.write(await answerLine(graph, words));
    }
    return 0;
  } finally {
    await graph.close();
  }
}

/** A question that cannot be answered is a line like any other: the ones behind it still count. */
async function answerLine(graph: Graph, words: readonly string[]): Promise<string> {
  try {
    return asJson(words, await answer(graph, parseQuestion(words)));
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    return asJson(words, { error: error.message });
  }
}

function asJson(words: readonly string[], answer: Answer | { readonly error: string }): string {
  return `${JSON.stringify({ question: words.join(" "), ...answer })}\n`;
}

export function render({ kind }: Question, answer: Answer): string {
  return (asText[kind] as (answer: Answer) => string)(answer);
}
