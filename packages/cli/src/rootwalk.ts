#!/usr/bin/env node
import { run } from "./program.ts";

// The package, from its sources as from what is built of them.
process.exitCode = await run(process.argv.slice(2), new URL("../", import.meta.url));
