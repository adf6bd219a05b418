// The core as an app imports it: its own code in one file, its dependencies beside it.
export * from "@rootwalk/core";
