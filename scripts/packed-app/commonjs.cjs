// Node >= 20.19 requires ES modules as long as none of them awaits at its top level.
const core = require("@rootwalk/core");
const sqlite = require("@rootwalk/persist-sqlite");

console.log(`CommonJS: ${Object.keys(core).length} and ${Object.keys(sqlite).length} exports`);
