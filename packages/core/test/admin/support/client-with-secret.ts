import assert from "node:assert/strict";
import { ownAuthority } from "@carnet/core/admin/permission";
import { addSecret, type RotationInput, revokeSecret, rotateSecrets } from "@carnet/core/admin/secrets";
import type { Client } from "@carnet/core/client/client";
import type { NewSecretInput } from "@carnet/core/client/make-secret";
import { defaultOwner } from "@carnet/core/owner/owner";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { allClients } from "@carnet/testkit/all-clients";
import { openPolicy } from "@carnet/testkit/memory-owner-store";
import { withEvent } from "@carnet/testkit/sample-events";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

export const now = Date.parse("2026-11-21T12:00:00Z");
export const day = 86_400_000;
export const imported = "imported-secret-0123456789";

/** A client of the owner `default`, and what a caller may do with it. */
export async function clientWithSecret(policy = openPolicy, authority = ownAuthority) {
  const endpoint = new TestEndpoint();
  const { client, generatedSecret } = await endpoint.register({ client_id: "app", scope: "a" });
  const owner = (await endpoint.owners.find(defaultOwner)) ?? assert.fail();
  await endpoint.owners.replace({ ...owner, policy, version: owner.version + 1 }, withEvent());
  const ports = { ...adminPortsOf(endpoint), authority };
  const target = { clientId: "app", ifMatch: undefined };
  const [first] = client.secrets;
  assert.ok(first);
  return {
    endpoint,
    first,
    shown: generatedSecret?.reveal() ?? "",
    add: (input: NewSecretInput = {}) => addSecret(target, input, ports),
    rotate: (input: RotationInput = {}) => rotateSecrets(target, input, ports),
    revoke: (secretId: string, withTokens?: boolean) => revokeSecret(target, { secretId, withTokens }, ports),
    async kept(): Promise<Client> {
      const [kept] = await allClients(endpoint.store);
      assert.ok(kept);
      return kept;
    },
    /** Whether a secret gets a token now, in a process that has nothing cached. */
    async works(secret: string): Promise<boolean> {
      endpoint.ports.directory.forgetAll();
      return (await endpoint.post({ client_id: "app", client_secret: secret })).status === 200;
    },
  };
}

/** The value of an operation that must succeed. */
export function done<Value>(outcome: { ok: true; value: Value } | { ok: false; error: unknown }): Value {
  assert.ok(outcome.ok, outcome.ok ? "" : JSON.stringify(outcome.error));
  return outcome.value;
}

export function refusal(outcome: { ok: boolean; error?: { kind: string; errors?: readonly { pointer: string }[] } }) {
  assert.ok(!outcome.ok && outcome.error !== undefined);
  return [outcome.error.kind, ...(outcome.error.errors ?? []).map(({ pointer }) => pointer)];
}
