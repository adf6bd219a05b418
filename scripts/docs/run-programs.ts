import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

// Imports one program after another, each in its own folder, and tells on the output where one begins.

process.on("unhandledRejection", (error) => console.log("unhandled rejection:", error));
for (const file of JSON.parse(readFileSync(process.argv[2]!, "utf8")) as string[]) {
  console.log(`\u0002${file}`);
  process.chdir(dirname(file));
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    console.log(error);
  }
}
