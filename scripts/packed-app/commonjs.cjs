// Node >= 20.19 requires ES modules as long as none of them awaits at its top level.
const { node, openGraph } = require("@rootwalk/core");
const { sqlite } = require("@rootwalk/persist-sqlite");

class Thing extends node("Thing", {}) {}

async function main() {
  const graph = await openGraph({ types: [Thing], store: sqlite("commonjs.db") });
  await graph.transaction((tx) => tx.create(Thing));
  console.log(`CommonJS: ${await graph.nodes(Thing).count()} thing kept`);
  await graph.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
