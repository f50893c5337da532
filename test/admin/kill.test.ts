// Changes that the admin API acknowledged survive `kill -9`, and none is left half done or without its event. KILL_SEED repeats a
// run as far as timing allows. KILL_LIVES makes it longer (`npm run soak`).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { OwnedClient, type Send } from "./support/owned-client.ts";

const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const lives = Number(process.env["KILL_LIVES"] ?? 4);
const batchSize = 25;

suite("kill -9 of the service under mixed load", () => {
  test("at any moment loses no acknowledged change and leaves none half done", async (t) => {
    t.diagnostic(`KILL_SEED=${seed}`);
    const random = new SeededRandom(seed);
    await using folder = await temporaryFolder();
    const owners = Array.from({ length: 4 }, (_, number) => new OwnedClient(`owner-${number}`, random));
    const batches: { readonly number: number; acknowledged: boolean }[] = [];
    const counts = { kills: 0, acknowledged: 0, interrupted: 0, duringStart: 0 };
    const acknowledged = () => owners.reduce((sum, owner) => sum + owner.acknowledged, 0);
    // A slow machine needs more lives until enough changes are acknowledged
    for (let life = 0; life < lives || (life < 5 * lives && acknowledged() <= counts.kills); life++) {
      if (random.below(5) === 0) {
        await killInStart(folder.path, random);
        counts.duringStart++;
      }
      await using carnet = await serveCarnet({ folder: folder.path, args: ["--scope-catalogue", "open"] });
      const send = await sender(carnet, folder.path);
      for (const owner of owners) await owner.assertWhole(send);
      await assertTokens(carnet, owners);
      for (const batch of batches.slice(-2)) await assertBatch(send, batch);
      const load = [
        ...owners.map((owner) => forever(() => owner.act(send))),
        forever(() => importBatch(send, batches)),
        forever(async () => void (await sender(carnet, folder.path))),
      ];
      await pause(random.below(400));
      carnet.process.kill("SIGKILL");
      await Promise.all(load);
      assert.equal((await carnet.process.finished()).signal, "SIGKILL");
      counts.kills++;
      counts.interrupted += owners.filter(({ pending }) => pending !== undefined).length;
    }
    counts.acknowledged = acknowledged();
    await using carnet = await serveCarnet({ folder: folder.path, args: ["--scope-catalogue", "open"] });
    const send = await sender(carnet, folder.path);
    for (const owner of owners) await owner.assertWhole(send);
    for (const batch of batches) await assertBatch(send, batch);
    assertSound(folder.path);
    t.diagnostic(JSON.stringify({ ...counts, batches: batches.length }));
    assert.ok(counts.acknowledged > counts.kills, "too few changes were acknowledged");
    assert.ok(counts.interrupted > 0, "no change was interrupted");
  });
});

/** Calls the admin API with a new token of the bootstrap admin. */
async function sender({ url }: ServingCarnet, folder: string): Promise<Send> {
  const { client_id, client_secret } = JSON.parse(readFileSync(join(folder, "admin.json"), "utf8"));
  const { access_token } = await (await requestToken(url, client_id, client_secret)).json();
  assert.equal(typeof access_token, "string", "the bootstrap admin gets tokens");
  return async (method, path, { body, key }) => {
    const response = await fetch(`${url}/admin/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${access_token}`,
        ...(key === "" ? {} : { "idempotency-key": key }),
        ...(body === undefined
          ? {}
          : { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text === "" ? {} : Object(JSON.parse(text)) };
  };
}

/** Repeats an action until its connection is closed. Assertion errors are rethrown. */
async function forever(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act();
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return;
    }
  }
}

async function killInStart(folder: string, random: SeededRandom): Promise<void> {
  const args = ["serve", "--issuer", "http://127.0.0.1:1", "--port", "0", "--data-dir", folder];
  await using starting = new CarnetProcess(args);
  await pause(random.below(900));
  starting.kill("SIGKILL");
  await starting.finished();
}

async function importBatch(send: Send, batches: { number: number; acknowledged: boolean }[]): Promise<void> {
  const batch = { number: batches.length, acknowledged: false };
  batches.push(batch);
  const clients = Array.from({ length: batchSize }, (_, at) => ({
    client_id: `import-${batch.number}-${at}`,
    labels: { batch: `${batch.number}` },
    secret: { value: `imported-secret-${batch.number}-${at}-0123456789` },
  }));
  const { status, json } = await send("POST", "/clients/import", { body: { clients }, key: "" });
  assert.equal(status, 200);
  assert.equal(json["imported"], batchSize);
  batch.acknowledged = true;
}

/** Asserts that a batch is stored whole, or not at all if it was not acknowledged. */
async function assertBatch(send: Send, { number, acknowledged }: { number: number; acknowledged: boolean }) {
  const { json } = await send("GET", `/clients?label=batch%3D${number}&limit=1000`, { key: "" });
  const found: readonly { readonly secrets: readonly unknown[] }[] = Object(json["clients"]);
  assert.ok(found.length === batchSize || (found.length === 0 && !acknowledged), `${found.length} of batch ${number}`);
  assert.ok(found.every(({ secrets }) => secrets.length === 1));
}

async function assertTokens({ url }: ServingCarnet, owners: readonly OwnedClient[]): Promise<void> {
  for (const { clientId, secrets } of owners) {
    for (const secret of secrets.live) assert.equal((await requestToken(url, clientId, secret)).status, 200);
    for (const secret of secrets.ended.slice(-3)) assert.equal((await requestToken(url, clientId, secret)).status, 401);
  }
}

function assertSound(folder: string): void {
  using store = new DatabaseSync(join(folder, "carnet.db"), { readOnly: true });
  assert.deepEqual({ ...store.prepare("pragma integrity_check").get() }, { integrity_check: "ok" });
  assert.deepEqual(store.prepare("pragma foreign_key_check").all(), []);
  const clients = store.prepare(clientsWithEvents).all();
  assert.ok(clients.length > 0);
  for (const { client_id, version, events } of clients) assert.equal(events, version, `the events of ${client_id}`);
}

/** Each version of a client has one event: its creation has the first, and each change one more. */
const clientsWithEvents = `
  with named as (
    select client_id, event.number, event from audit_event_clients join audit_events as event using (number)
    where json like '%"outcome":"success"%')
  select client_id, version, (
    select count(*) from named where named.client_id = clients.client_id and number >= (
      select max(number) from named as first
      where first.client_id = clients.client_id and event in ('client_created', 'clients_imported'))) as events
  from clients where client_id <> 'carnet-admin'`;
