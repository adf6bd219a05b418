// The finished example over SQLite, question by question, against the reference.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
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
}, 600_000);

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

describe("with L1 at 5 % of the records", () => {
  const questions = [
    "counts",
    "hypernyms dog",
    "common dog cat",
    "similarity dog cat",
    "parts car",
    "longest",
  ] as const;

  interface Asked {
    readonly answers: readonly Answer[];
    /** Records in L1 after each answer. */
    readonly resident: readonly number[];
    /** The most memory that the process has had, as the system counts it, before the last question. */
    readonly peakBytes: number;
  }

  /** Asks a process of its own, which may hold so many records. */
  async function askWithin(maxEntries: number | undefined): Promise<Asked> {
    const script = fileURLToPath(new URL("ask-within.ts", import.meta.url));
    // V8 is to collect garbage early, or that would be most of what is measured.
    const flags = ["--optimize-for-size", "--max-semi-space-size=2"];
    const bound = maxEntries === undefined ? [] : [String(maxEntries)];
    const child = spawn(
      process.execPath,
      [...flags, "--import", "tsx", "--conditions=@rootwalk/source", script, file, ...bound],
      { stdio: ["pipe", "pipe", "inherit"], cwd: fileURLToPath(new URL("..", import.meta.url)) },
    );
    const exited = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", resolve);
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const answers: Answer[] = [];
    const resident: number[] = [];
    let peakBytes = 0;
    for (const question of questions) {
      // The longest chain is one unit of work over all synsets, which holds them whatever the bound.
      if (question === "longest") peakBytes = peakOf(child.pid as number);
      child.stdin.write(`${question}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`the process ended with status ${await exited}`);
      const { found, resident: records } = JSON.parse(line.value);
      answers.push(found);
      resident.push(records);
    }
    child.stdin.end();
    expect(await exited).toBe(0);
    return { answers, resident, peakBytes };
  }

  function peakOf(pid: number): number {
    const status = `/proc/${pid}/status`;
    if (!existsSync(status)) return Number.NaN;
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(status, "utf8"))?.[1]) * 1024;
  }

  it("every kind of question has the same answer, in less memory", async ({ annotate }) => {
    const { synsets, senses, pointers } = reference.counts();
    const words = new Set([...reference.senses.keys()].map((sense) => sense.split("#")[0])).size;
    const bound = Math.floor((synsets + words + senses + pointers) / 20);
    const [whole, small] = await Promise.all([askWithin(undefined), askWithin(bound)]);
    expect(small.answers).toEqual(whole.answers);
    expect(whole.answers[0]).toEqual(reference.counts());
    expect(whole.answers.at(-1)).toEqual(reference.longest());
    // By then every record there is was met: without a bound they are all here.
    expect(whole.resident[0]).toBeGreaterThan(bound * 19);
    for (const records of small.resident) expect(records).toBeLessThanOrEqual(bound);
    if (Number.isNaN(whole.peakBytes)) {
      await annotate("memory is not compared: this system has no /proc to measure a process from outside");
      return;
    }
    // 95 % of the records take some 90 MiB; what else a process takes differs by less from run to run.
    expect(small.peakBytes).toBeLessThan(whole.peakBytes - 40 * 1024 * 1024);
  }, 900_000);
});
