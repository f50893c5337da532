// A rotation survives `kill -9` at any step. KILL_SEED repeats a run as far as timing allows, KILL_LIVES makes it longer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { openSqliteWorld } from "./support/sqlite-world.ts";

const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const lives = Number(process.env["KILL_LIVES"] ?? 4);
const worker = fileURLToPath(new URL("./support/rotate-until-killed.ts", import.meta.url));

test("kill -9 at any step of a rotation loses no secret and leaves no half state", async (t) => {
  t.diagnostic(`KILL_SEED=${seed}`);
  const random = new SeededRandom(seed);
  let rotations = 0;
  for (let life = 0; life < lives; life += 4) {
    await using folder = await temporaryFolder();
    const file = folder.file("carnet.db");
    const secrets: string[] = [];
    let at = Date.UTC(2026, 10, 21);
    for (let kill = 0; kill < 4; kill++) {
      const stdout = await rotateUntilKilled([file, `${at}`, ...secrets], random);
      secrets.push(...[...stdout.matchAll(/^made (.*)\n/gm)].map(([, made = ""]) => made));
      at = Number([...stdout.matchAll(/^at (\d+)\n/gm)].at(-1)?.[1] ?? at);
      await using world = await openSqliteWorld(file, at);
      const node = await world.start();
      for (const text of secrets) {
        const [clientId = "", secret = ""] = text.split(" ");
        assert.ok(await node.accepts({ clientId, secret }), `a secret of ${clientId} was lost`);
      }
      const peppers = await node.parts.peppers.list();
      const living = peppers.filter(({ endsAt }) => endsAt === null || endsAt > at);
      assert.ok(living.length <= 2, "more than one rotation is in progress");
      assert.equal(peppers.filter(({ endsAt }) => endsAt === null).length, 1);
      rotations += peppers.length - 1;
    }
  }
  assert.ok(rotations > 0, "no rotation began before a kill");
});

async function rotateUntilKilled(args: readonly string[], random: SeededRandom): Promise<string> {
  await using child = new CarnetProcess(args, { command: [process.execPath, worker] });
  await child.prints("stdout", new RegExp(`^loaded\n(?:.*\n){${random.below(30)}}`));
  await pause(random.below(10));
  child.kill("SIGKILL");
  const { signal, stdout, stderr } = await child.finished();
  assert.deepEqual({ signal, stderr }, { signal: "SIGKILL", stderr: "" });
  return stdout;
}
