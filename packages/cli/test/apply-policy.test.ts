import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
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
  const changed = await at.carnet(["client", "change", "ledger", "--allow-ip", "127.0.0.1", "--token-ttl", "60s"]);
  assert.equal(changed.code, 0);
  assert.match(await apply(), /^! drift {6}ledger .*\n {15}ip_allowlist: 127\.0\.0\.1\/32 -> 127\.0\.0\.0\/8\n1 to do/);
  assert.equal(await apply(), "0 to do, 1 unchanged.\n");
});
