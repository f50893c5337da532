// Rotates the pepper of a store again and again until it is killed, and uses every secret in each rotation. Prints
// "at <time>" when the clock has moved, and "made <id> <secret>" for each stored client.
import { writeSync } from "node:fs";
import { openSqliteWorld } from "./sqlite-world.ts";

const [file = "", at = "", ...known] = process.argv.slice(2);
const world = await openSqliteWorld(file, Number(at));
const node = await world.start();
const secrets = known.map((text) => {
  const [clientId = "", secret = ""] = text.split(" ");
  return { clientId, secret };
});

function advance(milliseconds: number): void {
  world.clock.advance(milliseconds);
  writeSync(1, `at ${world.clock.now()}\n`);
}

writeSync(1, "loaded\n");
for (;;) {
  await node.rotate(3600); // refused if the process before this one was killed in the middle of a rotation
  const made = await node.register();
  secrets.push(made);
  writeSync(1, `made ${made.clientId} ${made.secret}\n`);
  await node.poll();
  advance(61_000);
  for (const used of secrets) if (!(await node.accepts(used))) throw new Error("a secret was refused");
  await node.poll();
  advance(3_600_000);
  await node.deleteEnded();
}
