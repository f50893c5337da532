import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { finished } from "node:stream/promises";
import { test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi, tokenOf } from "../support/admin-api.ts";

function anchor(folder: string, file: string): void {
  const store = new DatabaseSync(join(folder, "carnet.db"), { timeout: 5000 });
  store
    .prepare("insert into journal_files values (?, 'node-1', ?, '', null, null, ?, 0)")
    .run(file, lines, Date.parse("2026-11-21T12:00:00Z"));
  store.close();
}

/** More than the buffers of a connection hold. */
const lines = 40_000;

test("an export goes on after its token has expired, but not after its client lost its role over all owners or was disabled", async () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  await using service = await startTestService({ clock });
  const api = await AdminApi.of(service);
  const auditor = await service.register({ role: "auditor", scope: "carnet:audit:read" });
  const line = `{"time":"2026-11-20T12:00:00.000Z","padding":"${"x".repeat(1000)}"}\n`;
  const file = join(service.folder, "journal", "20261120-aaaaaaaaaaaa-1.jsonl");
  await writeFile(file, line.repeat(lines), { mode: 0o600 });
  anchor(service.folder, "20261120-aaaaaaaaaaaa-1"); // an export leaves out files that the store does not know
  const start = async (): Promise<IncomingMessage> => {
    const headers = { Authorization: `Bearer ${await tokenOf(service, auditor)}` };
    const path = `${service.url}/admin/v1/audit/export?until=2026-11-21T00:00:00Z`;
    return new Promise((resolve, reject) => get(path, { headers, agent: false }, resolve).on("error", reject));
  };
  const sizeOf = async (response: IncomingMessage): Promise<number> => {
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
    });
    await finished(response).catch(() => {});
    return size;
  };

  const adminToken = (): Promise<string> => {
    const { clientId, clientSecret } = service.server.bootstrapAdmin ?? assert.fail("there is no bootstrap admin");
    return tokenOf(service, { clientId, clientSecret: clientSecret.reveal() });
  };

  const expired = await start();
  clock.advance(3_600_000);
  assert.ok((await sizeOf(expired)) >= lines * line.length);

  const narrowed = await start();
  assert.equal(narrowed.statusCode, 200);
  await api.expect(200, "PATCH", `/clients/${auditor.clientId}`, {
    body: { role_owners: ["default"] },
    token: await adminToken(),
  });
  clock.advance(5000);
  assert.ok((await sizeOf(narrowed)) < lines * line.length);
  assert.ok(!narrowed.complete);
  await api.expect(200, "PATCH", `/clients/${auditor.clientId}`, {
    body: { role_owners: null },
    token: await adminToken(),
  });

  const cutOff = await start();
  assert.equal(cutOff.statusCode, 200);
  await api.expect(200, "POST", `/clients/${auditor.clientId}/disable`, { token: await adminToken() });
  clock.advance(5000);
  assert.ok((await sizeOf(cutOff)) < lines * line.length);
  assert.ok(!cutOff.complete);
  await rm(file); // its chain is not valid
  const refused = service.journal().filter(({ event }) => event === "admin_refused");
  assert.deepEqual(
    refused.map(({ operation, detail, rule }) => [operation, detail, rule]),
    [
      ["exportJournal", "the role of the caller does not allow this", "all_owners"],
      ["exportJournal", "the client of the token is disabled", null],
    ],
  );
});
