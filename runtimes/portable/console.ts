// For Node, Bun and Deno: prints the report as the last line. Nothing ends the process but that nothing is left to do.
import { runEverything } from "./suites.ts";

console.log(JSON.stringify(await runEverything()));
