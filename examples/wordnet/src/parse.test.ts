import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { countSynsets, parseSense, parseSynset, readSenses, readSynsets } from "./parse.ts";

describe("a line of a data file", () => {
  it("gives words, semantic pointers and gloss", () => {
    const line =
      "09213130 17 n 02 Bering_Sea 0 Bering_strait 1 002 @i 09449510 n 0000 #p 09394646 n 0000 | a sea | cold  ";
    expect(parseSynset(line)).toEqual({
      key: "n09213130",
      type: "n",
      lexFile: 17,
      words: [
        { form: "Bering_Sea", lexId: 0 },
        { form: "Bering_strait", lexId: 1 },
      ],
      pointers: [
        { kind: "instanceHypernym", target: "n09449510" },
        { kind: "partHolonym", target: "n09394646" },
      ],
      frames: [],
      gloss: "a sea | cold",
    });
  });

  it("counts words and numbers them in hexadecimal, pointers in decimal", () => {
    const words = Array.from({ length: 28 }, (_, index) => `w${index} ${(index % 16).toString(16)}`).join(
      " ",
    );
    const pointers = Array.from({ length: 10 }, () => "+ 02446199 a 0b1c").join(" ");
    const synset = parseSynset(`04646728 07 n 1c ${words} 010 ${pointers} | many words`);
    expect(synset.words).toHaveLength(28);
    expect(synset.words[15]).toEqual({ form: "w15", lexId: 15 });
    expect(synset.pointers).toHaveLength(10);
    expect(synset.pointers[9]).toEqual({
      kind: "derivation",
      target: "a02446199",
      sourceWord: 11,
      targetWord: 28,
    });
  });

  it("takes the marker off an adjective, and keeps satellites apart by type, not by key", () => {
    const synset = parseSynset("00014490 00 s 02 galore(ip) 0 a(p)b 3 001 & 00013887 a 0000 | in abundance");
    expect(synset).toMatchObject({ key: "a00014490", type: "s" });
    expect(synset.words).toEqual([
      { form: "galore", lexId: 0, position: "ip" },
      { form: "a(p)b", lexId: 3 },
    ]);
    expect(synset.pointers).toEqual([{ kind: "similarTo", target: "a00013887" }]);
  });

  it("reads a verb's frames, for all words or for one", () => {
    const { frames } = parseSynset("00001740 29 v 01 breathe 0 000 02 + 02 00 + 08 0a | draw air");
    expect(frames).toEqual([{ frame: 2 }, { frame: 8, word: 10 }]);
  });

  it.each([
    ["no gloss", "00001740 03 n 01 entity 0 000", "there is no gloss"],
    ["a line cut off", "00001740 03 n 02 entity 0 | that", "the line ends too early"],
    [
      "more than it announces",
      "00001740 03 n 01 entity 0 000 x | that",
      '"x" stands where the line should end',
    ],
    [
      "a symbol of another part of speech",
      "00001740 29 v 01 go 0 001 %p 00001740 v 0000 00 | move",
      'is written "%p"',
    ],
    ["a word where a number belongs", "00001740 03 n zz entity 0 000 | that", '"zz" is no number'],
  ])("is refused when it has %s", (_, line, message) => {
    expect(() => parseSynset(line)).toThrow(message);
  });
});

describe("a line of index.sense", () => {
  it("gives the word, its synset and which sense of the word it is", () => {
    expect(parseSense("bank%1:14:00:: 08437235 2 20")).toEqual({
      senseKey: "bank%1:14:00::",
      lemma: "bank",
      pos: "n",
      synset: "n08437235",
      number: 2,
      tagCount: 20,
    });
  });

  it("counts a satellite as an adjective", () => {
    expect(parseSense("cut-rate%5:00:00:cheap:00 00935453 2 0")).toMatchObject({
      lemma: "cut-rate",
      pos: "a",
      synset: "a00935453",
    });
  });

  it("is refused when it is cut off", () => {
    expect(() => parseSense("bank%1:14:00:: 08437235 2")).toThrow("the line ends too early");
    expect(() => parseSense("bank%9:14:00:: 08437235 2 0")).toThrow("is no sense key");
  });
});

describe("reading a folder", () => {
  function folder(files: Record<string, string>): string {
    const path = mkdtempSync(join(tmpdir(), "wordnet-parse-"));
    onTestFinished(() => rmSync(path, { recursive: true }));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  }

  it("skips the licence and goes noun, verb, adjective, adverb", async () => {
    const path = folder({
      "data.noun":
        "  1 licence  \n  2 words | here\n00000010 03 n 01 one 0 000 | a  \n00000020 03 n 01 two 0 000 | b",
      "data.verb": "00000010 29 v 01 go 0 000 00 | c\n",
      "data.adj": "00000010 00 s 01 big 0 000 | d\n",
      "data.adv": "",
    });
    const keys = [];
    for await (const synset of readSynsets(path)) keys.push(synset.key);
    expect(keys).toEqual(["n00000010", "n00000020", "v00000010", "a00000010"]);
    expect(await countSynsets(path)).toBe(4);
  });

  it("says which line of which file is damaged", async () => {
    const path = folder({ "index.sense": "bank%1:14:00:: 08437235 2 20\nbank%1:14\n" });
    const senses = readSenses(path);
    await senses.next();
    await expect(senses.next()).rejects.toThrow(
      /index\.sense:2 is not WordNet data: "bank%1:14" is no sense key/,
    );
  });

  it("fails when a file is missing", async () => {
    await expect(readSenses(folder({})).next()).rejects.toThrow("ENOENT");
  });
});
