import { readFileSync } from "node:fs";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { emit, note } from "./output.ts";
import type { Step } from "./query/ask.ts";
import { parseWhere } from "./query/where.ts";
import { failure, OK, TROUBLE } from "./status.ts";

// What there is to say on the command line. Each command is loaded when it is run: help and a mistyped option answer at
// once.

const fileArgument = (): Argument => new Argument("<file>", "a graph file, as sqlite(path) makes it");
const jsonOption = (what: string): Option => new Option("--json", what);

/**
 * Runs the command that the arguments name and gives the status to end with.
 *
 * @param home the folder of the package
 */
export async function run(args: readonly string[], home: URL): Promise<number> {
  const { version } = JSON.parse(readFileSync(new URL("package.json", home), "utf8")) as { version: string };
  let status = OK;
  const program = new Command("rootwalk")
    .description("Makes rootwalk apps, and looks into graph files without their code.")
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: emit, writeErr: (text) => note(text.trimEnd()) })
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nFiles are opened to read, also while apps use them, and nothing in them is changed but by import.\n" +
        "Ends with 0; with 1 where something is wrong or not there; with 2 where it could not be done.",
    );
  const action =
    <A extends unknown[]>(work: (...args: A) => Promise<number>) =>
    async (...given: A): Promise<void> => {
      status = await work(...given);
    };

  add(program, "init", "makes a TypeScript app that runs, with a schema, a walker and a test")
    .argument("[dir]", "the folder, which is made; asked for where it is left out")
    .addOption(new Option("--test <runner>", "what runs the tests").choices(["vitest", "node"]))
    .option("--install", "run npm install when the files are there")
    .option("--no-install", "leave that to you")
    .option("-y, --yes", "ask nothing: what is not said is a folder chat, vitest, no install")
    .option("--force", "write beside what is in the folder; no file is ever overwritten")
    .addOption(jsonOption("what was made as one JSON object; asks nothing"))
    .addHelpText(
      "after",
      examples("rootwalk init", "rootwalk init chat --yes", "rootwalk init chat --test node --install"),
    )
    .action(
      action(async (dir: string | undefined, options: InitFlags) => {
        const { init } = await import("./commands/init.ts");
        return init(dir, {
          runner: options.test,
          install: options.install,
          isAsking: options.yes !== true && options.json !== true && isTerminal(),
          json: options.json === true,
          force: options.force === true,
          home,
        });
      }),
    );

  add(program, "inspect", "types, counts, sizes, indexes, and what cannot be read")
    .addArgument(fileArgument())
    .option("--quick", "without what takes a look at every record: counts, sizes, unreadable records")
    .addOption(jsonOption("one JSON object"))
    .addHelpText(
      "after",
      examples("rootwalk inspect chat.db", "rootwalk inspect chat.db --quick --json | jq .types"),
    )
    .action(
      action(async (file: string, { quick = false, json = false }: { quick?: boolean; json?: boolean }) => {
        const { inspect } = await import("./commands/inspect.ts");
        return inspect(file, { quick, json });
      }),
    );

  addQuery(program, action);

  add(
    program,
    "check",
    "looks for damage: SQLite's own check, ends of edges, keys of indexes, unreadable records",
  )
    .addArgument(fileArgument())
    .option("--orphans", "report nodes that no root leads to, too")
    .addOption(jsonOption("one JSON object"))
    .addHelpText("after", examples("rootwalk check chat.db && echo sound"))
    .action(
      action(
        async (
          file: string,
          { json = false, orphans = false }: { readonly json?: boolean; readonly orphans?: boolean },
        ) => {
          const { check } = await import("./commands/check.ts");
          return check(file, { json, orphans });
        },
      ),
    );

  add(program, "backup", "copies a graph file while it is in use")
    .addArgument(fileArgument())
    .argument("<target>", "the copy")
    .option("--force", "replace a file that is there")
    .addOption(jsonOption("one JSON object"))
    .addHelpText("after", examples("rootwalk backup chat.db backups/monday.db"))
    .action(
      action(
        async (
          file: string,
          target: string,
          { force = false, json = false }: { force?: boolean; json?: boolean },
        ) => {
          const { backup } = await import("./commands/backup.ts");
          return backup(file, target, { force, json });
        },
      ),
    );

  add(program, "export", "all records as lines of JSON (docs/export-format.md), or as GraphML or GEXF")
    .addArgument(fileArgument())
    .option("-o, --output <path>", "a file instead of stdout; it must not exist")
    .addOption(
      new Option("--format <format>", "GraphML and GEXF are for Gephi, networkx and others")
        .choices(["jsonl", "graphml", "gexf"])
        .default("jsonl"),
    )
    .option("--label <field>", "of GraphML and GEXF, the field that nodes are labelled by")
    .addOption(jsonOption("the counts as one JSON object; lines are JSON in any case"))
    .addHelpText(
      "after",
      examples(
        "rootwalk export chat.db -o chat.jsonl",
        "rootwalk export chat.db | gzip > chat.jsonl.gz",
        "rootwalk export chat.db --format gexf --label name -o chat.gexf",
      ),
    )
    .action(
      action(async (file: string, { output, json = false, format, label }: ExportFlags) => {
        const { exportAll } = await import("./commands/export.ts");
        return exportAll(file, { output, json, format, label });
      }),
    );

  add(program, "import", "takes the lines of an export into a graph file, which is made where there is none")
    .addArgument(new Argument("<file>", "a graph file"))
    .argument("<export>", "lines as `rootwalk export` writes them; - for stdin")
    .option("--leave-out-unreadable", "pass over records that the export could not read, and edges on them")
    .addOption(jsonOption("the counts as one JSON object"))
    .addHelpText(
      "after",
      "\nThe lines of a file are all checked before anything is written; those of stdin are written as they are read. What\n" +
        "is in the graph already, the same, is passed over. Validators are code and do not apply.\n" +
        examples("rootwalk import copy.db chat.jsonl", "gunzip < chat.jsonl.gz | rootwalk import copy.db -"),
    )
    .action(
      action(
        async (
          file: string,
          source: string,
          { leaveOutUnreadable = false, json = false }: { leaveOutUnreadable?: boolean; json?: boolean },
        ) => {
          const { importAll } = await import("./commands/import.ts");
          return importAll(file, source, { leaveOut: leaveOutUnreadable, json });
        },
      ),
    );

  try {
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? OK : TROUBLE;
    return failure(error);
  }
}

interface InitFlags {
  readonly test?: "vitest" | "node";
  readonly install?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly force?: boolean;
}

interface ExportFlags {
  readonly output?: string;
  readonly json?: boolean;
  readonly format: "jsonl" | "graphml" | "gexf";
  readonly label?: string;
}

interface QueryFlags {
  readonly as?: string;
  readonly count?: boolean;
  readonly edges?: boolean;
  readonly fields?: string[];
  readonly orderBy?: string;
  readonly desc?: boolean;
  readonly limit: number;
  readonly json?: boolean;
  readonly mermaid?: boolean;
  readonly dot?: boolean;
  readonly label?: string;
}

type Action = <A extends unknown[]>(work: (...args: A) => Promise<number>) => (...args: A) => Promise<void>;

function addQuery(program: Command, action: Action): void {
  // Steps are in the order in which they are written, over all these options.
  const steps: Step[] = [];
  const step = (flags: string, description: string, read: (text: string) => Step): Option =>
    new Option(flags, description).argParser((text: string) => void steps.push(read(text)));
  const hop = (direction: "out" | "in" | "both", description: string): Option =>
    step(`--${direction} [type]`, description, (text) => ({
      kind: "hop",
      direction,
      type: text === anyType ? undefined : text,
    })).preset(anyType);

  add(program, "query", "asks a graph file without code")
    .addArgument(fileArgument())
    .addArgument(new Argument("<what>", "what to ask for").choices(["nodes", "edges", "get", "neighbours"]))
    .argument("[type-or-id]", "nodes TYPE, edges TYPE, get ID, neighbours ID")
    .addOption(hop("out", "go on along outgoing edges: of an edge type, to a node type, or all"))
    .addOption(hop("in", "against incoming edges"))
    .addOption(hop("both", "in either direction"))
    .addOption(
      step("--where <filter>", "of the records so far, those that pass", (text) => ({
        kind: "where",
        filter: parseWhere(text),
      })),
    )
    .addOption(
      step("--where-edge <filter>", "of the hop before it, along edges that pass", (text) => ({
        kind: "whereEdge",
        filter: parseWhere(text),
      })),
    )
    .addOption(
      step("--of-type <type>", "of the nodes so far, those of a type", (type) => ({ kind: "ofType", type })),
    )
    .addOption(
      step("--depth <edges>", "how many edges the hop before it follows: 2, 1..3, 1..", (text) => ({
        kind: "depth",
        depth: readDepth(text),
      })),
    )
    .option("--edges", "the edges of the last hop instead of the nodes")
    .option("--order-by <field>", "in the order of a field instead of that in which they were made")
    .option("--desc", "the other way round; without --order-by newest first")
    .option("--limit <count>", "at most so many", readLimit, 50)
    .option("--count", "how many there are instead of what they are")
    .option("--fields <names>", "these fields alone: name,at", (text: string) =>
      text.split(",").map((name) => name.trim()),
    )
    .option(
      "--as <root>",
      "as the user with this root; access rules that are code are not known and do not apply",
    )
    .addOption(
      new Option("--mermaid", "a mermaid flowchart of what is found").conflicts(["dot", "json", "count"]),
    )
    .addOption(new Option("--dot", "the same for Graphviz").conflicts(["json", "count"]))
    .option("--label <field>", "the field that a picture shows")
    .addOption(jsonOption("a JSON object a line"))
    .addHelpText(
      "after",
      `
A filter is FIELD=VALUE, with != >= <= > <, ^= for "starts with" or ~= for "contains" as well. A VALUE that is JSON is
that (10, true, null, "10"), @2026-01-31 a date, 10n a bigint, everything else text. A filter in JSON says the rest:
  {"visits":{"$gte":10},"$or":[{"name":"a"},{"name":{"$startsWith":"b"}}]}
with $eq $ne $gt $gte $lt $lte $oneOf $startsWith $contains $absent on fields and $and $or $not on records.
${examples(
  "rootwalk query chat.db nodes Room",
  "rootwalk query chat.db nodes Room --where name=general --out Posted --order-by at --desc --limit 5 --fields text,at",
  "rootwalk query chat.db nodes Room --out Posted --where-edge 'at>=1700000000' --count",
  "rootwalk query chat.db nodes Person --out Knows --depth 1..3 --json | jq -r .fields.name",
  "rootwalk query chat.db neighbours 019a0000-0000-7000-8000-000000000001",
)}`,
    )
    .action(
      action(async (file: string, what: string, target: string | undefined, flags: QueryFlags) => {
        const { query } = await import("./commands/query.ts");
        return query(file, what, target, {
          steps,
          as: flags.as,
          count: flags.count === true,
          edges: flags.edges === true,
          fields: flags.fields,
          orderBy: flags.orderBy,
          isDescending: flags.desc === true,
          limit: flags.limit,
          json: flags.json === true,
          draw: flags.mermaid ? "mermaid" : flags.dot ? "dot" : undefined,
          label: flags.label,
        });
      }),
    );
}

function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** What stands for a hop over every edge; no type has such a name. */
const anyType = "*";

function add(program: Command, name: string, summary: string): Command {
  return program
    .command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new InvalidArgumentError("A whole number from 1 is expected.");
}

function readDepth(text: string): readonly [number, number] {
  const found = /^(\d+)(?:(\.\.)(\d*))?$/.exec(text);
  if (found === null) throw new InvalidArgumentError("A depth is 2, 1..3 or 1..");
  const from = Number(found[1]);
  if (found[2] === undefined) return [from, from];
  return [from, found[3] === "" ? Number.POSITIVE_INFINITY : Number(found[3])];
}
