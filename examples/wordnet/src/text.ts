import type { Answers } from "./answers.ts";
import type { SynsetRef } from "./taxonomy.ts";

/** An answer for people; scripts ask for JSON. */
export const asText: { readonly [Kind in keyof Answers]: (answer: Answers[Kind]) => string } = {
  counts: ({ byKind, ...totals }) => {
    const rows = [
      ["synsets", totals.synsets],
      ["senses", totals.senses],
      ["pointers", totals.pointers],
      ["  of them lexical", totals.lexicalPointers],
      ...Object.entries(byKind).map(([kind, count]) => [`  ${kind}`, count] as const),
    ] as const;
    return rows.map(([name, count]) => `${name.padEnd(24)}${formatCount(count).padStart(9)}`).join("\n");
  },
  hypernyms: ({ paths }) =>
    paths
      .map((path) => path.map((synset, depth) => `${"  ".repeat(depth)}${show(synset)}`).join("\n"))
      .join("\n\n"),
  common: ({ synsets, common }) =>
    common.length > 0
      ? common.map(show).join("\n")
      : `${synsets.map(show).join(" and ")} have no hypernym in common.`,
  similarity: ({ synsets, path, wuPalmer }) =>
    [
      ...synsets.map(show),
      `path       ${formatSimilarity(path)}`,
      `Wu-Palmer  ${formatSimilarity(wuPalmer)}`,
    ].join("\n"),
  parts: ({ synset, parts }) => {
    if (parts.length === 0) return `${show(synset)} has no parts.`;
    const lines = (whole: string): string[] =>
      parts
        .filter(({ of }) => of === whole)
        .flatMap((part) => [
          `${"  ".repeat(part.depth)}${show(part)}${part.kind === "part" ? "" : ` (${part.kind})`}`,
          ...lines(part.id),
        ]);
    return [show(synset), ...lines(synset.id)].join("\n");
  },
  longest: ({ length, chain }) =>
    [`${length} synsets:`, ...chain.map((synset, depth) => `${"  ".repeat(depth)}${show(synset)}`)].join(
      "\n",
    ),
};

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

function formatSimilarity(value: number | null): string {
  return value === null ? "no way from one to the other" : value.toFixed(4);
}

function show({ id, label }: SynsetRef): string {
  return `${label} [${id}]`;
}
