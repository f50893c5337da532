// What was acknowledged survives `kill -9` at any moment. KILL_SEED repeats a run as far as timing allows, and
// KILL_LIVES makes it longer (`npm run soak`).
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertServed, assertWhole } from "./support/assert-whole.ts";
import type { Credentials } from "./support/store-files.ts";

const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const lives = Number(process.env["KILL_LIVES"] ?? 12);
const worker = fileURLToPath(new URL("./support/register-on-and-on.ts", import.meta.url));

suite("kill -9", () => {
  test("at any moment, first start included, loses no client that was acknowledged and leaves nothing half done", async (t) => {
    t.diagnostic(`KILL_SEED=${seed}`);
    const random = new SeededRandom(seed);
    const counts = { kills: 0, acknowledged: 0, duringStart: 0 };
    const live = async (): Promise<void> => {
      await using folder = await temporaryFolder();
      const acknowledged: Credentials[] = [];
      for (let kill = 0; kill < 5; kill++) {
        const told = await registerUntilKilled(folder.path, random, kill === 0);
        counts.kills += 1;
        if (told.length === 0) counts.duringStart += 1;
        acknowledged.push(...told);
        await assertWhole(folder.path, acknowledged);
      }
      await assertServed(folder.path, acknowledged);
      counts.acknowledged += acknowledged.length;
    };
    for (let done = 0; done < lives; done += 2) await Promise.all([live(), live()]);
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.acknowledged > counts.kills, "clients were registered");
    assert.ok(counts.duringStart > 0, "some were killed before their first registration");
  });

  test("of `carnet client create` leaves a whole client or none", async (t) => {
    t.diagnostic(`KILL_SEED=${seed}`);
    const random = new SeededRandom(seed);
    await using folder = await temporaryFolder();
    const acknowledged: Credentials[] = [];
    const args = ["client", "create", "--json", "--scope", "x", "--store", "sqlite:carnet.db"];
    const begun = process.hrtime.bigint();
    acknowledged.push(...(await createUntil(folder.path, args, undefined)));
    const usual = Number(process.hrtime.bigint() - begun) / 1e6;
    assert.equal(acknowledged.length, 1);
    for (let kill = 0; kill < lives; kill++) {
      const after = usual * (0.5 + random.below(1000) / 2000);
      acknowledged.push(...(await createUntil(folder.path, args, after)));
      await assertWhole(folder.path, acknowledged);
    }
    t.diagnostic(`${acknowledged.length - 1} of ${lives} were acknowledged`);
    await assertServed(folder.path, acknowledged);
  });
});

/** Kills a worker at some moment: in its start, or while or between it registers clients. */
async function registerUntilKilled(folder: string, random: SeededRandom, inStart: boolean): Promise<Credentials[]> {
  await using child = new CarnetProcess([folder], { command: [process.execPath, worker] });
  const registrations = inStart ? 0 : random.below(20);
  const milliseconds = random.below(inStart ? 80 : 6);
  await child.prints("stdout", new RegExp(`^loaded\n(?:\\S+ \\S+\n){${registrations}}`));
  await pause(milliseconds);
  child.kill("SIGKILL");
  const { signal, stdout, stderr } = await child.finished();
  assert.deepEqual({ signal, stderr }, { signal: "SIGKILL", stderr: "" });
  return [...stdout.matchAll(/^(\S+) (\S+)\n/gm)].map(([, id = "", secret = ""]) => ({ id, secret }));
}

/** What `carnet client create` said before it ended or was killed. */
async function createUntil(folder: string, args: string[], milliseconds: number | undefined): Promise<Credentials[]> {
  await using child = new CarnetProcess(args, { cwd: folder });
  if (milliseconds !== undefined) await Promise.race([pause(milliseconds), child.finished()]);
  if (milliseconds !== undefined) child.kill("SIGKILL");
  const { stdout } = await child.finished();
  if (!stdout.endsWith("}\n")) return [];
  const { client_id, client_secret } = JSON.parse(stdout);
  return [{ id: client_id, secret: client_secret }];
}
