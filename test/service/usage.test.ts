import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { day, totalOf } from "@carnet/core/audit/usage";
import { registerClient } from "@carnet/core/client/register-client";
import type { ClientUsage } from "@carnet/protocol/admin/usage";
import { createSqlUsageStore } from "@carnet/server/store/sql/usage-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { startTestService } from "@carnet/testkit/service";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { AdminApi } from "../support/admin-api.ts";

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What the store has counted for a client. */
async function countedIn(file: string, clientId: string) {
  const db = await openSqlite(file);
  try {
    const periods = await createSqlUsageStore(db, { dialect: sqliteDialect }).read(clientId, 0);
    return {
      issued: periods.reduce((sum, period) => sum + period.issued, 0),
      refused: periods.reduce((sum, period) => sum + totalOf(period.refused), 0),
    };
  } finally {
    await db.destroy();
  }
}

async function registerIn(file: string, clientId: string, settings: object = {}): Promise<Credentials> {
  const registry = await openTestRegistry(file);
  try {
    const made = await registerClient({ client_id: clientId, ...settings }, registry);
    assert.ok(made.ok);
    return { clientId, clientSecret: made.value.generatedSecret?.reveal() ?? "" };
  } finally {
    await registry.close();
  }
}

/** Requests tokens until the service stops. Counts the answers by status. */
async function requestUntilStopped(
  url: string,
  { clientId, clientSecret }: Credentials,
  answers: Map<number, number>,
): Promise<void> {
  for (;;) {
    const response = await requestToken(url, clientId, clientSecret).catch(() => undefined);
    if (response === undefined || response.status === 503) return;
    answers.set(response.status, (answers.get(response.status) ?? 0) + 1);
    await response.arrayBuffer();
  }
}

async function usageAt(url: string, auditor: Credentials, clientId: string): Promise<ClientUsage> {
  const answer = await requestToken(url, auditor.clientId, auditor.clientSecret);
  const { access_token } = (await answer.json()) as { access_token: string };
  const usage = await fetch(`${url}/admin/v1/clients/${clientId}/usage`, {
    headers: { Authorization: `Bearer ${access_token}` },
  });
  assert.equal(usage.status, 200);
  return (await usage.json()) as ClientUsage;
}

/** The store outlives the service. */
const storedIn = (folder: TemporaryFolder) => ({
  store: `sqlite:${folder.file("carnet.db")}`,
  masterKeyFile: folder.file("master.key"),
});

suite("the usage of clients", () => {
  test("is exact after a clean stop under load", async () => {
    await using folder = await temporaryFolder();
    const credentials = [
      await registerIn(folder.file("carnet.db"), "app"),
      await registerIn(folder.file("carnet.db"), "disabled", { status: "disabled" }),
    ];
    const service = await startTestService({
      settings: storedIn(folder),
    });
    const answers = new Map<number, number>();
    const load = credentials.flatMap((one) =>
      Array.from({ length: 8 }, () => requestUntilStopped(service.url, one, answers)),
    );
    const seen = (status: number): number => answers.get(status) ?? 0;
    while (seen(200) < 200 || seen(401) < 200) await turn();
    await service[Symbol.asyncDispose]();
    await Promise.all(load);
    assert.deepEqual(await countedIn(folder.file("carnet.db"), "app"), { issued: seen(200), refused: 0 });
    assert.deepEqual(await countedIn(folder.file("carnet.db"), "disabled"), { issued: 0, refused: seen(401) });
  });

  test("loses what was not saved when the process is killed, and nothing that was saved", async () => {
    await using folder = await temporaryFolder();
    const file = folder.file("carnet.db");
    const app = await registerIn(file, "app");
    const auditor = await registerIn(file, "auditor", { role: "auditor", scope: "carnet:audit:read" });
    {
      await using serving = await serveCarnet({ folder: folder.path });
      for (let n = 0; n < 7; n++) await requestToken(serving.url, app.clientId, app.clientSecret);
      assert.equal((await usageAt(serving.url, auditor, "app")).issued, 7);
      for (let n = 0; n < 5; n++) await requestToken(serving.url, app.clientId, app.clientSecret);
      serving.process.kill("SIGKILL");
      await serving.process.finished();
    }
    const { issued } = await countedIn(file, "app");
    assert.ok(issued >= 7 && issued <= 12, `${issued} were counted`);
    await using serving = await serveCarnet({ folder: folder.path });
    await requestToken(serving.url, app.clientId, app.clientSecret);
    assert.equal((await usageAt(serving.url, auditor, "app")).issued, issued + 1);
  });

  test("adds up what two processes counted", async () => {
    await using folder = await temporaryFolder();
    const app = await registerIn(folder.file("carnet.db"), "app");
    await using first = await serveCarnet({ folder: folder.path });
    await using second = await serveCarnet({ folder: folder.path });
    const processes = [first, second];
    await Promise.all(
      processes.flatMap(({ url }) =>
        Array.from({ length: 20 }, () => requestToken(url, app.clientId, app.clientSecret)),
      ),
    );
    for (const { process } of processes) process.kill("SIGTERM");
    for (const { process } of processes) assert.equal((await process.finished()).code, 0);
    assert.equal((await countedIn(folder.file("carnet.db"), "app")).issued, 40);
  });

  test("tells at once that a client was used, and starts anew with a client that is registered again", async () => {
    const clock = new FixedClock("2026-06-01T12:00:00Z");
    await using service = await startTestService({ clock });
    const secret = "a-secret-of-twenty-characters";
    const create = async (api: AdminApi) =>
      api.expect(201, "POST", "/clients", { body: { client_id: "app", secret: { value: secret } } });
    await create(await AdminApi.of(service));
    clock.advance(100 * day);
    const api = await AdminApi.of(service);
    const unused = async () => {
      const { json } = await api.expect(200, "GET", "/clients?unused_for_days=90");
      return (json["clients"] as readonly { client_id: string }[]).map(({ client_id }) => client_id);
    };
    assert.deepEqual(await unused(), ["app"]);
    await requestToken(service.url, "app", secret);
    assert.deepEqual(await unused(), []);
    await requestToken(service.url, "app", secret); // not saved yet
    await api.expect(204, "DELETE", "/clients/app");
    await create(api);
    const { json } = await api.expect(200, "GET", "/clients/app/usage");
    assert.deepEqual([json["issued"], json["last_issued_at"], json["addresses"]], [0, null, []]);
  });

  test("and the refusals of unknown callers have nothing that was sent", async () => {
    await using folder = await temporaryFolder();
    const app = await registerIn(folder.file("carnet.db"), "app", { scope: "file:read" });
    const service = await startTestService({ settings: storedIn(folder) });
    const planted = "carnet_this_is_a_pasted_secret";
    const ask = (form: Record<string, string>) =>
      fetch(`${service.url}/oauth2/token`, {
        method: "POST",
        body: new URLSearchParams({ grant_type: "client_credentials", ...form }),
      });
    const statuses: number[] = [];
    for (const form of [
      { client_id: planted, client_secret: planted },
      { client_id: "app", client_secret: planted },
      { client_id: "app", client_secret: app.clientSecret, scope: `file:read ${planted}` },
      { client_id: "app", client_secret: app.clientSecret, scope: planted },
    ])
      statuses.push((await ask(form)).status);
    assert.deepEqual(statuses, [401, 401, 200, 400]);
    await service[Symbol.asyncDispose]();
    const files = readdirSync(folder.path).filter((name) => name.startsWith("carnet.db"));
    assert.ok(files.length > 0);
    for (const name of files) {
      const bytes = readFileSync(folder.file(name));
      assert.ok(!bytes.includes("pasted_secret"), `${name} has what was sent`);
      assert.ok(!bytes.includes(app.clientSecret), `${name} has the secret`);
    }
    const { issued } = await countedIn(folder.file("carnet.db"), "app");
    assert.equal(issued, 1);
  });
});
