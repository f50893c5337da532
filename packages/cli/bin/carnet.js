#!/usr/bin/env node
// Plain JavaScript, so that an old Node can run it and report that it is too old.
const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) {
  console.error(`carnet: Node ${process.versions.node} is too old. Use Node 24 or newer.`);
  process.exit(1);
}
const { keepCompiledCode } = await import("./compile-cache.js");
keepCompiledCode();
const { main } = await import("#main");
await main();
