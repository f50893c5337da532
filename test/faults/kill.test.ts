// Acknowledged changes survive `kill -9` at any moment. KILL_SEED repeats a run as far as timing allows.
// KILL_LIVES makes it longer (`npm run soak`).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertServed, assertWhole } from "./support/assert-whole.ts";
import type { Credentials } from "./support/store-files.ts";

const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const lives = Number(process.env["KILL_LIVES"] ?? 4);
const worker = fileURLToPath(new URL("./support/register-until-killed.ts", import.meta.url));

suite("kill -9", () => {
  test("at any moment, even during the first start, loses no acknowledged client and leaves nothing half done", async (t) => {
    t.diagnostic(`KILL_SEED=${seed}`);
    const random = new SeededRandom(seed);
    const counts = { kills: 0, acknowledged: 0, duringStart: 0 };
    const live = async (): Promise<void> => {
      await using folder = await temporaryFolder();
      const acknowledged: Credentials[] = [];
      for (let kill = 0; kill < 5; kill++) {
        const registered = await registerUntilKilled(folder.path, random, kill === 0);
        counts.kills += 1;
        if (registered.length === 0) counts.duringStart += 1;
        acknowledged.push(...registered);
        await assertWhole(folder.path, acknowledged);
      }
      await assertServed(folder.path, acknowledged);
      counts.acknowledged += acknowledged.length;
    };
    for (let done = 0; done < lives; done += 2) await Promise.all([live(), live()]);
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.acknowledged > counts.kills, "too few clients were registered");
    assert.ok(counts.duringStart > 0, "no worker was killed before its first registration");
  });

  test("during a first start of `carnet serve` leaves a store that the next start completes, with a working admin client", async (t) => {
    t.diagnostic(`KILL_SEED=${seed}`);
    const random = new SeededRandom(seed);
    const counts = { withStore: 0, withFile: 0, withAdmin: 0 };
    for (let kill = 0; kill < lives; kill++) {
      await using folder = await temporaryFolder();
      await killStart(folder.path, random, kill);
      if (existsSync(folder.file("carnet.db"))) counts.withStore += 1;
      if (existsSync(folder.file("admin.json"))) counts.withFile += 1;
      await assertServed(folder.path); // creates the admin client, or completes it
      const { client_id: id, client_secret: secret } = JSON.parse(readFileSync(folder.file("admin.json"), "utf8"));
      await assertWhole(folder.path, [{ id, secret }]);
      await assertServed(folder.path, [{ id, secret }]);
      counts.withAdmin += 1;
    }
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.withStore > 0, "no start was killed after it had created a store");
  });
});

/** Kills a start at a random moment after it has created its store or its master key. */
async function killStart(folder: string, random: SeededRandom, kill: number): Promise<void> {
  const port = await freePort();
  const args = ["serve", "--data-dir", ".", "--port", `${port}`, "--issuer", `http://127.0.0.1:${port}`];
  await using child = new CarnetProcess(args, { cwd: folder });
  const sign = kill % 2 === 0 ? "carnet.db" : "master.key";
  while (!existsSync(join(folder, sign))) await pause(1);
  await pause(random.below(40));
  child.kill("SIGKILL");
  await child.finished();
}

/** Kills a worker at a random moment during its start or while it registers clients. */
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
