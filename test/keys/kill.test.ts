// Changes of signing keys survive `kill -9` at any moment, and none is left half done. KILL_SEED repeats a run as far as timing
// allows. KEY_KILLS makes it longer (`npm run soak`).
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isoTime } from "@carnet/core/audit/client-changes";
import { type KeyState, ringAt, type SigningKeyRecord } from "@carnet/core/key/key-ring";
import { importSigningKey } from "@carnet/server/crypto/signing-key";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { OpenKeys } from "./support/open-keys.ts";

const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const kills = Number(process.env["KEY_KILLS"] ?? 20);
const killsOfStore = 10;
const worker = fileURLToPath(new URL("support/change-until-killed.ts", import.meta.url));

test("kill -9 at any moment of a change of the signing keys loses no change and leaves none half done", async (t) => {
  t.diagnostic(`KILL_SEED=${seed}`);
  const random = new SeededRandom(seed);
  const counts = { kills: 0, duringStart: 0, changes: 0, states: new Set<KeyState>() };
  const live = async (): Promise<void> => {
    await using folder = await temporaryFolder();
    const acknowledged = new Set<string>();
    let now = Date.UTC(2026, 10, 21, 12);
    for (let kill = 0; kill < killsOfStore; kill++) {
      const { changes, stoppedAt } = await changeUntilKilled(folder.path, now, { random, inStart: kill === 0 });
      now = stoppedAt;
      counts.kills++;
      if (changes.length === 0) counts.duringStart++;
      counts.changes += changes.length;
      for (const id of changes) acknowledged.add(id);
      for (const state of await assertWhole(folder.path, now, acknowledged)) counts.states.add(state);
    }
  };
  while (counts.kills < kills) await Promise.all([live(), live()]);
  t.diagnostic(JSON.stringify({ ...counts, states: [...counts.states] }));
  assert.ok(counts.changes > counts.kills, "too few changes were made");
});

/** Kills a worker at a random moment during its start or while it changes keys. */
async function changeUntilKilled(
  folder: string,
  now: number,
  { random, inStart }: { readonly random: SeededRandom; readonly inStart: boolean },
): Promise<{ readonly changes: readonly string[]; readonly stoppedAt: number }> {
  const command = [process.execPath, worker, folder, `${now}`, `${random.below(2 ** 31)}`] as const;
  await using child = new CarnetProcess([], { command: [...command] });
  const count = inStart ? 0 : random.below(120);
  const milliseconds = random.below(inStart ? 120 : 8);
  await child.prints("stdout", new RegExp(`^loaded\n(?:\\S+\n){${count}}`));
  await pause(milliseconds);
  child.kill("SIGKILL");
  const { signal, stdout, stderr } = await child.finished();
  assert.deepEqual({ signal, stderr }, { signal: "SIGKILL", stderr: "" });
  const lines = [...stdout.matchAll(/^(\S+)\n/gm)].map(([, line = ""]) => line);
  const changes = lines.filter((line) => line.includes("-"));
  return { changes, stoppedAt: Math.max(now, ...lines.map(Number).filter(Number.isFinite)) };
}

/** Asserts that the store opens and that keys, private keys, events and revocations agree. Returns the states of the keys. */
async function assertWhole(
  folder: string,
  now: number,
  acknowledged: ReadonlySet<string>,
): Promise<readonly KeyState[]> {
  await using keys = await OpenKeys.open(folder, {}, { now: () => now });
  const records = await keys.list();
  const ring = ringAt(records, now, keys.times);
  assert.equal(ring.filter(({ state }) => state === "active").length, 1, "exactly one key signs");
  for (const { keyId, algorithm, publicJwk } of records) {
    const opened = await importSigningKey(algorithm, await keys.storage.signingKeys.openPrivateKey(keyId));
    assert.deepEqual([opened.keyId, opened.publicJwk], [keyId, publicJwk], "a private key is that of its record");
  }
  using database = new DatabaseSync(join(folder, "carnet.db"), { readOnly: true });
  const rows = (sql: string): Record<string, unknown>[] => database.prepare(sql).all();
  assert.deepEqual({ ...rows("pragma integrity_check")[0] }, { integrity_check: "ok" });
  const revocations = rows("select subject, revoked_at from revocations where kind = 'key'");
  const revoked = records.flatMap(({ keyId, revokedAt }) => (revokedAt === null ? [] : [[keyId, revokedAt]]));
  assert.deepEqual(sorted(revocations.map(({ subject, revoked_at }) => [subject, revoked_at])), sorted(revoked));
  const events = rows("select id, json from audit_events order by number");
  const ids = new Set(events.map(({ id }) => id));
  assert.deepEqual(
    [...acknowledged].filter((id) => !ids.has(id)),
    [],
    "acknowledged and lost",
  );
  assertDescribed(
    records,
    events.map(({ json }) => Object(JSON.parse(String(json)))),
  );
  return ring.map(({ state }) => state);
}

/** Asserts that the events alone add up to the facts of the keys. Deleted keys have no event. */
function assertDescribed(records: readonly SigningKeyRecord[], events: readonly { readonly objects: unknown }[]): void {
  const described = new Map<string, Record<string, unknown>>();
  for (const { objects } of events)
    for (const { type, id, action, changes } of Object(objects)) {
      if (type !== "key") continue;
      assert.equal(described.has(id), action === "changed", `${id} is ${action}`);
      const fields = described.get(id) ?? { retired_at: null, revoked_at: null };
      for (const [name, change] of Object.entries(Object(changes))) fields[name] = Object(change).after;
      described.set(id, fields);
    }
  for (const { keyId, algorithm, activeFrom, retiredAt, revokedAt } of records)
    assert.deepEqual(described.get(keyId), {
      ...{ algorithm, active_from: isoTime(activeFrom) },
      ...{ retired_at: isoTime(retiredAt), revoked_at: isoTime(revokedAt) },
    });
}

const sorted = (pairs: readonly unknown[]): readonly string[] => pairs.map((pair) => JSON.stringify(pair)).sort();
