// Loaded before everything else (`node --require`): better-sqlite3 seems not to be installed, in workers and children too.
const Module = require("node:module");

const resolve = Module._resolveFilename;
Module._resolveFilename = function hiding(request, ...rest) {
  if (request === "better-sqlite3" || request.startsWith("better-sqlite3/")) {
    throw Object.assign(new Error(`Cannot find module '${request}'`), { code: "MODULE_NOT_FOUND" });
  }
  return resolve.call(this, request, ...rest);
};
