import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Client } from "@carnet/protocol/admin/clients";
import { startAdminService } from "./support/admin-service.ts";

test("apply leaves alone what the policy of the owner filled in, and resets other settings that the file omits", async () => {
  await using at = await startAdminService();
  const policy = ["--allow-ip", "127.0.0.0/8", "--max-token-ttl", "60s"];
  assert.equal((await at.carnet(["owner", "create", "payments", ...policy])).code, 0);
  const file = join(at.service.folder, "clients.yaml");
  await writeFile(file, "owner: payments\nclients:\n  - client_id: ledger\n    scope: file:read\n");
  const apply = async () => (await at.carnet(["apply", "-f", file, "--yes"])).stdout;
  assert.match(await apply(), /^\+ create {5}ledger\n/);
  assert.equal(await apply(), "0 to do, 1 unchanged.\n");
  const change = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await at.carnet(args);
    assert.equal(code, 0, stderr);
  };
  await change("client", "change", "ledger", "--allow-ip", "127.0.0.1", "--token-ttl", "50s");
  assert.equal(await apply(), "0 to do, 1 unchanged.\n"); // allowed by the policy
  await change("client", "change", "ledger", "--name", "Other");
  assert.match(await apply(), /^! drift {6}ledger .*\n {15}client_name: Other -> -\n1 to do/);
});

test("apply follows a changed policy only where it no longer allows what a client has", async () => {
  await using at = await startAdminService();
  const owner = async (verb: string, ...policy: string[]): Promise<void> => {
    const { code, stderr } = await at.carnet(["owner", verb, "alpha", ...policy]);
    assert.equal(code, 0, stderr);
  };
  await owner("create", "--allow-ip", "127.0.0.0/8", "--max-token-ttl", "5m");
  const file = join(at.service.folder, "clients.yaml");
  await writeFile(file, "owner: alpha\nclients:\n  - client_id: ledger\n");
  const apply = async () => (await at.carnet(["apply", "-f", file, "--yes"])).stdout;
  await apply();
  await owner("change", "--allow-ip", "127.0.0.0/8,203.0.113.0/24", "--max-token-ttl", "10m");
  assert.equal(await apply(), "0 to do, 1 unchanged.\n");
  await owner("change", "--allow-ip", "127.0.0.0/16", "--max-token-ttl", "3m");
  assert.equal(
    await apply(),
    `~ change     ledger
               ip_allowlist: 127.0.0.0/8 -> 127.0.0.0/16 (the policy of alpha)
               access_token_ttl: 5m -> 3m (the policy of alpha)
1 to do, 0 unchanged.
`,
  );
  const { access_token_ttl, ip_allowlist } = (await at.json(["client", "show", "ledger"])) as Client;
  assert.deepEqual([access_token_ttl, ip_allowlist], [180, ["127.0.0.0/16"]]);
  assert.equal(await apply(), "0 to do, 1 unchanged.\n");
});

test("apply resets what a removed limit of the policy filled in once, and does not call it drift", async () => {
  await using at = await startAdminService();
  assert.equal((await at.carnet(["owner", "create", "beta", "--max-token-ttl", "5m"])).code, 0);
  const file = join(at.service.folder, "clients.yaml");
  await writeFile(file, "owner: beta\nclients:\n  - client_id: ledger\n");
  const apply = async () => (await at.carnet(["apply", "-f", file, "--yes"])).stdout;
  await apply();
  assert.equal((await at.carnet(["owner", "change", "beta", "--max-token-ttl", ""])).code, 0);
  assert.match(
    await apply(),
    /^~ change {5}ledger\n {15}access_token_ttl: 5m -> - \(neither the file nor the policy of beta sets it\)\n1 to do/,
  );
  assert.equal(await apply(), "0 to do, 1 unchanged.\n");
});
