import { readFileSync } from "node:fs";
import { join } from "node:path";
import GithubSlugger from "github-slugger";
import MarkdownIt from "markdown-it";

export const root: string = join(import.meta.dirname, "../..");

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  /** The words behind the language. */
  readonly flags: readonly string[];
  readonly code: string;
  /** Its place in the page's lines, fences left out. */
  readonly begin: number;
  readonly end: number;
}

export interface Page {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** Where its links and images lead, as written. */
  readonly links: readonly string[];
  /** What a link into the page may name behind `#`. */
  readonly anchors: ReadonlySet<string>;
}

const markdown = new MarkdownIt({ html: true });

export function readPage(path: string): Page {
  const text = readFileSync(join(root, path), "utf8");
  const blocks: Block[] = [];
  const links: string[] = [];
  const anchors = new Set<string>();
  const slugger = new GithubSlugger();
  const tokens = markdown.parse(text, {});
  for (const [i, token] of tokens.entries()) {
    if (token.type === "fence") {
      const [language = "", ...flags] = token.info.trim().split(/\s+/);
      const [begin, end] = token.map!;
      blocks.push({ language, flags, code: token.content, begin: begin + 1, end: end - 1 });
    }
    if (token.type === "heading_open") {
      const inline = tokens[i + 1]!.children ?? [];
      anchors.add(slugger.slug(inline.map(({ content }) => content).join("")));
    }
    for (const child of token.children ?? []) {
      const target = child.attrGet("href") ?? child.attrGet("src");
      if (target !== null) links.push(String(target));
    }
  }
  return { path, text, blocks, links, anchors };
}
