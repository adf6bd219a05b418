// The core as an app imports it: its own code in one file, its dependencies beside it. By path, for by its name it would
// be one of the dependencies, and as such the build of it, which need not be there.
export * from "../../../packages/core/src/index.ts";
