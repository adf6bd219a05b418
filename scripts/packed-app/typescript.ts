import * as core from "@rootwalk/core";
import * as sqlite from "@rootwalk/persist-sqlite";

console.log(`TypeScript: ${Object.keys(core).length} and ${Object.keys(sqlite).length} exports`);
