import { type Id, openGraph } from "@rootwalk/core";
import { sqlite } from "../src/index.ts";
import { Note, types } from "./notes.ts";

// A process that commits, or watches what others do: `changes-process.ts PATH write NAME COMMITS ROOT`,
// `changes-process.ts PATH watch ROOT`, or `changes-process.ts PATH idle`.

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(path: string, work: string, args: readonly string[]): Promise<void> {
  const graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });
  if (work === "write") {
    const [by = "", commits = "0", root = ""] = args;
    for (let n = 0; n < Number(commits); n++) {
      await graph.transaction((tx) => {
        const note = tx.create(Note, { by, n });
        if (n % 2 === 0) note.allowRoot(root as Id, "read");
        tx.onCommit(() => say(`note ${note.id}`));
      });
      // Other processes have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await graph.close();
    say("closed");
  } else if (work === "watch") {
    const changes = graph.as(args[0] as Id).changes(Note, { pollMs: 5 });
    await changes.ready;
    say("watching");
    // The loop alone would not keep the process alive.
    const alive = setInterval(() => {}, 1_000);
    for await (const set of changes) {
      for (const { op, id } of set.changes) say(`${op} ${id}`);
      if (set.changes.some(({ op }) => op === "deleted")) break;
    }
    clearInterval(alive);
    await graph.close();
    say("closed");
  } else {
    void (async () => {
      for await (const _ of graph.changes(Note)) say("told");
    })();
    say("waiting");
  }
}

const [path = "", work = "", ...rest] = process.argv.slice(2);
await main(path, work, rest);
