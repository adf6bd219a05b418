// An import that was interrupted anywhere and taken up again leaves the graph of one that was not.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Graph } from "@rootwalk/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWordNet } from "../src/open.ts";
import { wordNetFolder } from "../src/parse.ts";
import { pointerTypes, Sense, Synset, Word } from "../src/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "wordnet-import-"));
const nouns = 6_000;
let whole: string[];

beforeAll(async () => {
  cutFixture();
  const graph = await openWordNet(join(folder, "whole.db"), { folder });
  whole = await dump(graph);
  await graph.close();
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

describe("an import", () => {
  it("brings in every synset, word, sense and pointer of the files", () => {
    expect(whole.filter((line) => line.startsWith("Synset "))).toHaveLength(nouns);
    expect(whole).toContain("Hypernym n00001930 → n00001740 {}");
  });

  it("goes on where it stopped, after each unit of work", async () => {
    const file = join(folder, "stopped.db");
    let stops = 0;
    for (let finished = false; !finished; ) {
      let units = 0;
      try {
        const graph = await openWordNet(file, {
          folder,
          onProgress: () => {
            units += 1;
            if (units === 1 + (stops % 3)) throw new Error("stopped");
          },
        });
        expect(await dump(graph)).toEqual(whole);
        await graph.close();
        finished = true;
      } catch (error) {
        if ((error as Error).message !== "stopped") throw error;
        stops += 1;
      }
    }
    expect(stops).toBeGreaterThan(3);
  }, 60_000);

  it("goes on where it was killed", async () => {
    const file = join(folder, "killed.db");
    let kills = 0;
    for (let lines = 1; await killedAfter(lines, file); lines += 1) kills += 1;
    expect(kills).toBeGreaterThan(2);
    const graph = await openWordNet(file, { folder });
    expect(await dump(graph)).toEqual(whole);
    await graph.close();
  }, 120_000);

  it("has nothing left to do when it is done", async () => {
    const graph = await openWordNet(join(folder, "whole.db"), {
      folder: join(folder, "nowhere"),
      onProgress: () => expect.unreachable(),
    });
    await graph.close();
  });
});

/** Runs the import in a process of its own, kills it during the unit behind that many; false when it was done before. */
async function killedAfter(lines: number, file: string): Promise<boolean> {
  const script = fileURLToPath(new URL("import-until-killed.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=@rootwalk/source", script, file, folder],
    { stdio: ["ignore", "pipe", "inherit"], cwd: fileURLToPath(new URL("..", import.meta.url)) },
  );
  const exited = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status, signal) => {
      if (status === null || status === 0) resolve(signal);
      else reject(new Error(`the import ended with status ${status}`));
    });
  });
  let seen = 0;
  for await (const _ of createInterface({ input: child.stdout })) {
    seen += 1;
    if (seen === lines) child.kill("SIGKILL");
  }
  return (await exited) === "SIGKILL";
}

/** The first nouns of WordNet, without pointers to what is left out. */
function cutFixture(): void {
  const read = (name: string) => readFileSync(join(wordNetFolder(), name), "utf8").split("\n");
  const data = read("data.noun")
    .filter((line) => line !== "" && !line.startsWith("  "))
    .slice(0, nouns);
  const kept = new Set(data.map((line) => line.slice(0, 8)));
  const cut = data.map((line) => {
    const [columns, gloss] = [line.slice(0, line.indexOf(" | ")).split(" "), line.slice(line.indexOf(" | "))];
    const at = 4 + 2 * Number.parseInt(columns[3] as string, 16);
    const pointers: string[] = [];
    for (let from = at + 1; from < columns.length; from += 4) {
      if (kept.has(columns[from + 1] as string) && columns[from + 2] === "n") {
        pointers.push(columns.slice(from, from + 4).join(" "));
      }
    }
    return [...columns.slice(0, at), String(pointers.length).padStart(3, "0"), ...pointers].join(" ") + gloss;
  });
  const senses = read("index.sense").filter((line) => {
    const [key, offset] = line.split(" ") as [string, string];
    return key.includes("%1:") && kept.has(offset);
  });
  writeFileSync(join(folder, "data.noun"), `${cut.join("\n")}\n`);
  writeFileSync(join(folder, "index.sense"), `${senses.join("\n")}\n`);
  for (const name of ["data.verb", "data.adj", "data.adv"]) writeFileSync(join(folder, name), "");
}

/** Everything in the graph, a line each, without the ids, which differ from run to run. */
function dump(graph: Graph): Promise<string[]> {
  return graph.transaction(async (tx) => {
    const lines: string[] = [];
    const line = (type: string, value: object) => {
      const { id: _, type: __, ...fields } = value as Record<string, unknown>;
      lines.push(`${type} ${JSON.stringify(fields)}`);
    };
    for (const synset of await tx.nodes(Synset).all()) {
      line("Synset", synset.toJSON());
      for (const type of Object.values(pointerTypes)) {
        for (const { edge, node } of await synset.out(type).pairs().all()) {
          const { sourceWord, targetWord } = edge;
          lines.push(
            `${type.typeName} ${synset.key} → ${node.key} ${JSON.stringify({ sourceWord, targetWord })}`,
          );
        }
      }
    }
    for (const word of await tx.nodes(Word).all()) {
      line("Word", word.toJSON());
      for (const { edge, node } of await word.out(Sense).pairs().all()) {
        const { pos, number, word: place, tagCount, senseKey } = edge;
        lines.push(
          `Sense ${word.lemma} → ${node.key} ${JSON.stringify({ pos, number, place, tagCount, senseKey })}`,
        );
      }
    }
    return lines.sort();
  });
}
