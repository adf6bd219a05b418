import { valueText } from "../model/filter-text.ts";

/** Characters of a label; what is longer ends in dots. */
const LONGEST = 60;

/** A value as the text of a label: strings as they are, everything else as it is written in JSON. */
export function labelText(value: unknown): string {
  const text = typeof value === "string" ? value : valueText(value);
  // Line ends of all kinds are one; other control characters and halves of surrogate pairs are none.
  const plain = text.replaceAll(/\r\n?|[\u2028\u2029\u0085]/g, "\n").replaceAll(/(?!\n)\p{Cc}|\p{Cs}/gu, " ");
  // A label of nothing but space is none: Graphviz fails over some of them.
  const characters = Array.from(plain.trim().slice(0, LONGEST * 2 + 2));
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join("")}…` : characters.join("");
}
