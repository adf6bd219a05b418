// For pages and their workers: sends the report to where the script came from.
import { runEverything } from "./suites.ts";

await fetch("/report", { method: "POST", body: JSON.stringify(await runEverything()) });
