import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { node, openGraph, toDOT, toMermaid } from "../src/index.ts";
import { parseDot, parseMermaid } from "./diagram-parsers.ts";

class Message extends node("Message", { text: z.string(), at: z.date().optional() }) {}
const types = [Message];

describe("labels of diagrams", () => {
  const awkward = fc.oneof(
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.string({ unit: "grapheme-composite", maxLength: 40 }),
    fc
      .array(
        fc.constantFrom(
          '"',
          "'",
          "`",
          "\\",
          "\n",
          "\r\n",
          "#",
          ";",
          "&lt;",
          "#quot;",
          "<b>",
          "</script>",
          "]",
          "[",
          ")",
          "|",
          "-->",
          "end",
          "%%",
          "style a:#f;",
          "classDef x:y#z;",
          "click",
          "\\N",
          "\\n",
          "{{",
          "🙂",
          "é",
          "ﬂ°°34¶ß",
          " ",
          "\u0000",
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join("")),
  );

  /** What is left of a label: one kind of line end, no other control characters, no space around, sixty characters. */
  function expected(text: string): string {
    const characters = [...text.replaceAll(/\r\n|[\r\u0085\u2028\u2029]/g, "\n")].map((character) =>
      character !== "\n" && (/^\p{Cc}$/u.test(character) || /^\p{Cs}$/u.test(character)) ? " " : character,
    );
    const plain = [...characters.join("").trim()];
    return plain.length > 60 ? `${plain.slice(0, 59).join("")}…` : plain.join("");
  }

  it("come out of mermaid and of Graphviz as they went in, whatever they are", async () => {
    const graph = await openGraph({ types });
    await fc.assert(
      fc.asyncProperty(awkward, async (text) => {
        const [id, picture, dot] = await graph.transaction(async (tx) => {
          const message = tx.create(Message, { text: "" });
          const query = tx.nodes(Message);
          const options = { label: () => text };
          const drawn = [message.id, await toMermaid(query, options), await toDOT(query, options)] as const;
          message.delete();
          return drawn;
        });
        const label = expected(text) || `Message ${id.slice(-8)}`;
        expect((await parseMermaid(picture)).nodes).toEqual({ n1: label });
        expect((await parseDot(dot)).nodes).toEqual({ n1: label });
      }),
      { numRuns: 300 },
    );
    await graph.close();
  });

  it("are fields of every kind, and type and id where there is no such field", async () => {
    const graph = await openGraph({ types });
    const id = await graph.transaction((tx) => {
      tx.create(Message, { text: "dated", at: new Date(0) });
      return tx.create(Message, { text: "undated" }).id;
    });
    expect((await parseMermaid(await toMermaid(graph.nodes(Message), { label: "at" }))).nodes).toEqual({
      n1: "1970-01-01T00:00:00.000Z",
      n2: `Message ${id.slice(-8)}`,
    });
    expect((await parseDot(await toDOT(graph.nodes(Message)))).nodes.n2).toBe(`Message ${id.slice(-8)}`);
    await graph.close();
  });
});
