import { main } from "./cli.ts";
import { openWordNet } from "./open.ts";
import { progressBar } from "./progress-bar.ts";

process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  // Answers alone go to standard output: the first question imports WordNet, and says so beside them.
  open: () => openWordNet(undefined, { onProgress: progressBar(process.stderr) }),
});
