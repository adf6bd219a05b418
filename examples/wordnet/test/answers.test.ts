// The finished example over SQLite, question by question, against the reference.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Graph } from "@rootwalk/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, answer } from "../src/answers.ts";
import { main } from "../src/cli.ts";
import { openWordNet } from "../src/open.ts";
import { parseQuestion } from "../src/question.ts";
import { Reference } from "./reference.ts";

const folder = mkdtempSync(join(tmpdir(), "wordnet-answers-"));
const file = join(folder, "wordnet.db");
const reference = new Reference();
let graph: Graph;

beforeAll(async () => {
  graph = await openWordNet(file);
}, 120_000);

afterAll(async () => {
  await graph?.close();
  rmSync(folder, { recursive: true });
});

function ask(...words: string[]): Promise<Answer> {
  return answer(graph, parseQuestion(words));
}

describe("answers equal the reference's", () => {
  it("to counts", async () => {
    expect(await ask("counts")).toEqual(reference.counts());
  });

  it("to longest", async () => {
    expect(await ask("longest")).toEqual(reference.longest());
  });

  it.each(["dog", "ambrose", "entity", "run#v", "happy", "quickly", "rock_hind", "bank#n#2"])(
    "to hypernyms %s",
    async (word) => {
      expect(await ask("hypernyms", word)).toEqual(reference.hypernyms(word));
    },
  );

  it.each(["car", "body", "united_states", "forest", "entity", "run#v"])("to parts %s", async (word) => {
    expect(await ask("parts", word)).toEqual(reference.parts(word));
  });

  it.each([
    ["dog", "cat"],
    ["dog", "dog"],
    ["dog", "run#v"],
    ["breathe#v", "act#v"],
    ["move#v#2", "carve#v#1"],
    ["carve#v#1", "move#v#2"],
    ["benedict_xiv", "john_paul_ii"],
    ["olmec", "nicosia"],
    ["linebacker", "syrian"],
    ["good#a", "bad#a"],
  ])("to common and similarity %s %s", async (first, second) => {
    expect(await ask("common", first, second)).toEqual(reference.common(first, second));
    expect(await ask("similarity", first, second)).toEqual(reference.similarity(first, second));
  });

  it("for a word of every five hundred, by each of its senses", async () => {
    const words = [...reference.senses].flatMap(([word, ids], index) =>
      index % 500 === 0 ? ids.map((_, sense) => `${word}#${sense + 1}`) : [],
    );
    let previous = "dog";
    for (const word of words) {
      expect(await ask("hypernyms", word)).toEqual(reference.hypernyms(word));
      expect(await ask("parts", word)).toEqual(reference.parts(word));
      expect(await ask("similarity", word, previous)).toEqual(reference.similarity(word, previous));
      previous = word;
    }
  }, 120_000);
});

describe("what WordNet does not have is said in a sentence", () => {
  it.each([
    ["zzyzx", 'WordNet 3.1 has no word "zzyzx".'],
    ["hot_zzyzx", 'WordNet 3.1 has no word "hot zzyzx".'],
    ["dog#n#9", '"dog" has 7 senses as a noun in WordNet 3.1; there is no sense 9.'],
    ["quickly#n", '"quickly" is not a noun in WordNet 3.1, but an adverb.'],
    ["dog#a", '"dog" is not an adjective in WordNet 3.1, but a noun and a verb.'],
  ])("%s", async (word, message) => {
    await expect(ask("hypernyms", word)).rejects.toThrow(message);
  });
});

describe("the command", () => {
  async function run(args: string[], stdin = "") {
    const output = { stdout: "", stderr: "" };
    const status = await main(args, {
      stdin: Readable.from([stdin]),
      stdout: { write: (text) => (output.stdout += text) },
      stderr: { write: (text) => (output.stderr += text) },
      open: () => openWordNet(file),
    });
    return { status, ...output };
  }

  it("answers in JSON on request", async () => {
    const { status, stdout } = await run(["similarity", "dog", "cat", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      question: "similarity dog cat",
      ...reference.similarity("dog", "cat"),
    });
  });

  it("answers people otherwise", async () => {
    const { status, stdout } = await run(["common", "dog", "cat"]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "carnivore [n02077948]\n" });
  });

  it.each([
    [["hypernyms", "zzyzx"], 'WordNet 3.1 has no word "zzyzx".\n'],
    [["parts", "dog#n#9", "--json"], '"dog" has 7 senses as a noun in WordNet 3.1; there is no sense 9.\n'],
    [
      ["riddle"],
      'There is no question "riddle"; ask one of: counts, hypernyms, common, similarity, parts, longest.\n',
    ],
  ])("%j fails with a sentence", async (args, stderr) => {
    expect(await run(args)).toEqual({ status: 1, stdout: "", stderr });
  });

  it("answers a batch line by line, errors among them", async () => {
    const { status, stdout } = await run(
      ["-"],
      "common dog cat\n\nhypernyms zzyzx\nriddle\nhypernyms entity",
    );
    const lines = stdout.trimEnd().split("\n");
    expect(status).toBe(0);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { question: "common dog cat", ...reference.common("dog", "cat") },
      { question: "hypernyms zzyzx", error: 'WordNet 3.1 has no word "zzyzx".' },
      { question: "riddle", error: expect.stringContaining('There is no question "riddle"') },
      { question: "hypernyms entity", ...reference.hypernyms("entity") },
    ]);
  });
});
