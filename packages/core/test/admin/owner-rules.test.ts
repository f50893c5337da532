import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AdminCaller } from "@carnet/core/admin/admin-caller";
import { changeSettings, deleteClient } from "@carnet/core/admin/change-client";
import { importClients } from "@carnet/core/admin/import-clients";
import { addSecret, revokeSecret, rotateSecrets } from "@carnet/core/admin/secrets";
import { parseCidr } from "@carnet/core/client/cidr";
import type { ClientSettingsInput } from "@carnet/core/client/client-settings";
import { type ClientRegistration, registerClient } from "@carnet/core/client/register-client";
import type { Owner, OwnerPolicy } from "@carnet/core/owner/owner";
import { Redacted } from "@carnet/protocol/redacted";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { queryOf } from "@carnet/testkit/all-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { authorityOf, callerOf, ownerWith } from "@carnet/testkit/sample-owners";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";
import { done, refusal } from "./support/client-with-secret.ts";

const platform = callerOf("admin", null);

/** Two owners, and the operations as a caller may use them. */
async function withOwners(policy: Partial<OwnerPolicy> = {}) {
  const endpoint = new TestEndpoint();
  const payments = ownerWith("payments", policy);
  for (const owner of [payments, ownerWith("search", {})]) await endpoint.owners.insert(owner, withEvent());
  const as = (caller: AdminCaller) => {
    const ports = { ...adminPortsOf(endpoint), authority: authorityOf(caller, "manage") };
    const target = (clientId: string) => ({ clientId, ifMatch: undefined });
    return {
      ports,
      register: (registration: ClientRegistration) => registerClient(registration, ports),
      change: (id: string, input: ClientSettingsInput) => changeSettings(target(id), input, ports),
      remove: (id: string) => deleteClient(target(id), ports),
      addSecret: (id: string) => addSecret(target(id), {}, ports),
      rotate: (id: string) => rotateSecrets(target(id), { end_old_when_idle_for: 60 }, ports),
      revoke: (id: string, secretId: string) => revokeSecret(target(id), { secretId }, ports),
      async import(ids: readonly string[], changes: ClientRegistration & { dryRun?: boolean } = {}) {
        const { dryRun = false, ...rest } = changes;
        const batch = ids.map((id) => ({
          client_id: id,
          secret: { value: new Redacted(`secret-of-${id}-0123456789`) },
        }));
        return importClients(
          batch.map((one) => ({ ...one, ...rest })),
          { dryRun },
          ports,
        );
      },
    };
  };
  return { endpoint, payments, as, platform: as(platform), team: as(callerOf("admin", ["payments"])) };
}

const tighten = (endpoint: TestEndpoint, owner: Owner, policy: Partial<OwnerPolicy>) =>
  endpoint.owners.replace(
    { ...owner, version: owner.version + 1, policy: { ...owner.policy, ...policy } },
    withEvent(),
  );

const block = (text: string) => {
  const parsed = parseCidr(text);
  assert.ok(parsed.ok);
  return parsed.value;
};

suite("The owner of a new client", () => {
  test("is the caller's only owner, or `default`", async () => {
    const { team, platform: all, as } = await withOwners();
    assert.equal(done(await team.register({})).client.owner, "payments");
    assert.equal(done(await all.register({})).client.owner, "default");
    const [imported] = await team.import(["imported"]);
    assert.ok(imported?.ok);
    assert.equal((await team.ports.store.search(queryOf({ owner: "payments" }))).clients.length, 2);
    const ofTwo = as(callerOf("admin", ["payments", "search"]));
    assert.deepEqual(refusal(await ofTwo.register({})), ["invalid", "/owner"]);
    assert.equal(done(await ofTwo.register({ owner: "search" })).client.owner, "search");
  });

  test("must exist for the caller, and neither refusal tells more", async () => {
    const { team } = await withOwners();
    const [foreign, missing] = [await team.register({ owner: "search" }), await team.register({ owner: "nobody" })];
    assert.deepEqual(foreign, missing);
    assert.deepEqual(refusal(foreign), ["invalid", "/owner"]);
    assert.deepEqual(refusal(await team.change(done(await team.register({})).client.clientId, { owner: "search" })), [
      "invalid",
      "/owner",
    ]);
  });

  test("does not tell of its policy to a caller that it does not exist for", async () => {
    const { as } = await withOwners({ maxSecretAge: 60 });
    const late = { not_before: "2026-12-01", value: new Redacted("imported-secret-0123456789") };
    const refused = await as(callerOf("admin", ["search"])).register({ owner: "payments", secret: late });
    assert.deepEqual(refusal(refused), ["invalid", "/owner"]);
  });
});

suite("A policy", () => {
  test("fills in what a new client and its secrets leave out", async () => {
    const policy = { addressBlocks: [block("203.0.113.0/24")], maxTokenTtl: 60, maxSecretAge: 3600 };
    const { team, endpoint } = await withOwners(policy);
    const end = endpoint.clock.now() + 3_600_000;
    const { client } = done(await team.register({ client_id: "app" }));
    assert.deepEqual(
      {
        blocks: client.ipAllowlist.map(({ text }) => text),
        ttl: client.accessTokenTtl,
        end: client.secrets[0]?.expiresAt,
      },
      { blocks: ["203.0.113.0/24"], ttl: 60, end },
    );
    assert.equal(done(await team.addSecret("app")).secret.expiresAt, end);
    assert.equal(done(await team.rotate("app")).secret.expiresAt, end);
  });

  test("gives admin clients nothing", async () => {
    const { platform: all } = await withOwners({ maxSecretAge: 3600, maxTokenTtl: 60 });
    const { client } = done(await all.register({ client_id: "boss", role: "admin" }));
    assert.deepEqual([client.accessTokenTtl, client.secrets[0]?.expiresAt], [null, null]);
    assert.equal(done(await all.addSecret("boss")).secret.expiresAt, null);
  });

  test("binds a client from when it is no longer an admin client, which belongs to no owner", async () => {
    const { platform: all } = await withOwners({});
    assert.deepEqual(refusal(await all.register({ client_id: "boss", role: "admin", owner: "payments" })), [
      ...["invalid", "/owner"],
    ]);
    done(await all.register({ client_id: "app", owner: "payments" }));
    done(await all.change("app", { role: "auditor" }));
    assert.deepEqual(refusal(await all.change("app", { owner: "payments" })), ["invalid", "/owner"]);
    assert.equal(done(await all.change("app", { role: null })).client.owner, "default");
  });

  test("that demands an end without a maximum age refuses a secret that has none", async () => {
    const { team } = await withOwners({ secretsMustExpire: true });
    assert.deepEqual(refusal(await team.register({})), ["policy", "/secret/expires_at"]);
    assert.ok((await team.register({ client_id: "app", secret: { expires_at: "2030-01-01" } })).ok);
    assert.deepEqual(refusal(await team.addSecret("app")), ["policy", "/secret/expires_at"]);
  });

  test("holds for platform admins too, and for a transfer in full", async () => {
    const { platform: all } = await withOwners({ scopes: ["a"] });
    assert.deepEqual(refusal(await all.register({ owner: "payments", scope: "b" })), ["policy", "/scope"]);
    assert.ok((await all.register({ client_id: "app", scope: "b" })).ok);
    assert.deepEqual(refusal(await all.change("app", { owner: "payments" })), ["policy", "/scope"]);
    assert.ok((await all.change("app", { owner: "payments", scope: "a" })).ok);
  });

  test("that is enforced refuses to enable a client that violates it, and lets it be disabled", async () => {
    const { team, endpoint, payments } = await withOwners();
    done(await team.register({ client_id: "app", scope: "a" }));
    await tighten(endpoint, payments, { scopes: ["b"], enforceFrom: endpoint.clock.now() });
    done(await team.change("app", { status: "disabled" }));
    assert.deepEqual(refusal(await team.change("app", { status: "active" })), ["policy", "/scope"]);
    done(await team.change("app", { status: "active", scope: "b" }));
  });

  test("that is tightened while a client is registered or changed decides", async () => {
    const { team, endpoint, payments } = await withOwners();
    done(await team.register({ client_id: "app" }));
    const quicker = (): typeof team.ports.store => {
      const store: typeof team.ports.store = Object.create(endpoint.store);
      const first = tighten.bind(null, endpoint, payments, { scopes: ["b"] });
      store.find = (id) => endpoint.store.find(id);
      store.insert = (...given) => first().then(() => endpoint.store.insert(...given));
      store.replace = (...given) => first().then(() => endpoint.store.replace(...given));
      return store;
    };
    const raced = { ...team.ports, store: quicker() };
    assert.deepEqual(refusal(await registerClient({ scope: "a" }, raced)), ["policy", "/scope"]);
    const target = { clientId: "app", ifMatch: undefined };
    assert.deepEqual(refusal(await changeSettings(target, { scope: "a" }, raced)), ["policy", "/scope"]);
  });

  test("that bounds the number of clients refuses one more, and names whom to ask", async () => {
    const { team, platform: all } = await withOwners({ maxClients: 1 });
    assert.ok((await team.register({ client_id: "app" })).ok);
    const refused = await team.register({});
    assert.deepEqual(refusal(refused), ["policy", "/owner"]);
    assert.ok(!refused.ok);
    assert.match(
      refused.error.detail,
      /payments .* at most 1 clients: delete one, or transfer it; ask the team payments/,
    );
    done(await all.register({ client_id: "other" }));
    assert.deepEqual(refusal(await all.change("other", { owner: "payments" })), ["policy", "/owner"]);
    done(await team.remove("app"));
    done(await all.change("other", { owner: "payments" }));
  });
});

suite("An import", () => {
  for (const dryRun of [true, false]) {
    test(`refuses the clients of an owner that would be too many, and no others${dryRun ? ", even in a dry run" : ""}`, async () => {
      const { platform: all } = await withOwners({ maxClients: 1 });
      const secretFor = (id: string) => ({ value: new Redacted(`secret-of-${id}-0123456789`) });
      const batch = ["a", "b", "c"].map((id) => ({
        client_id: id,
        owner: id === "c" ? "search" : "payments",
        secret: secretFor(id),
      }));
      const outcomes = await importClients(batch, { dryRun }, all.ports);
      assert.deepEqual(
        outcomes.map((outcome) => (outcome.ok ? "imported" : outcome.error.kind)),
        ["policy", "policy", "imported"],
      );
    });
  }

  test("reports a client of another owner as taken, even if it is the same", async () => {
    const { as, team } = await withOwners();
    const [first] = await as(callerOf("admin", ["search"])).import(["app"]);
    assert.ok(first?.ok);
    const [refused] = await team.import(["app"]);
    assert.ok(refused?.ok === false);
    assert.deepEqual(
      [refused.error.kind, refused.error.detail],
      ["taken", "a client with this client_id is already registered"],
    );
    const registered = await team.register({ client_id: "app" });
    assert.ok(!registered.ok);
    assert.deepEqual(registered.error, refused.error);
  });

  test("reports a client whose secret got its end from the policy as unchanged", async () => {
    const { team, endpoint } = await withOwners({ maxSecretAge: 3600 });
    assert.ok((await team.import(["app"]))[0]?.ok);
    endpoint.clock.advance(1000);
    assert.deepEqual(await team.import(["app"]), [{ ok: true, value: { clientId: "app", isUnchanged: true } }]);
  });
});

suite("An admin client", () => {
  test("is bound to owners that exist", async () => {
    const { platform: all, team } = await withOwners();
    const bound = { client_id: "boss", role: "operator", role_owners: ["payments", "nobody"] };
    assert.deepEqual(refusal(await all.register(bound)), ["invalid", "/role_owners"]);
    assert.deepEqual(refusal(await team.register(bound)), ["insufficient_role"]);
    done(await all.register({ ...bound, role_owners: ["payments"] }));
    assert.deepEqual(refusal(await all.change("boss", { role_owners: ["nobody"] })), ["invalid", "/role_owners"]);
  });

  test("is not made, changed or seen by a team's admin", async () => {
    const { platform: all, team } = await withOwners();
    done(await all.register({ client_id: "boss", role: "admin" }));
    done(await team.register({ client_id: "app" }));
    for (const input of [{ role: "admin" }, { audience: "urn:carnet:admin" }, { scope: "carnet:clients:write" }])
      assert.ok(!(await team.change("app", input)).ok, JSON.stringify(input));
    for (const outcome of [await team.rotate("boss"), await team.remove("boss"), await team.change("boss", {})])
      assert.deepEqual(refusal(outcome), ["not_found"]);
  });

  test("that is the last platform admin cannot be removed, disabled, expired, demoted or left without a secret", async () => {
    const { platform: all } = await withOwners();
    const { client } = done(await all.register({ client_id: "boss", role: "admin" }));
    done(await all.register({ client_id: "bound", role: "admin", role_owners: ["payments"] }));
    const changes = [{ status: "disabled" }, { expires_at: "2030-01-01" }, { role: "auditor" }, { role: null }];
    for (const input of [...changes, { role_owners: ["payments"] }, { username: "grace" }])
      assert.deepEqual(refusal(await all.change("boss", input)), ["last_admin"], JSON.stringify(input));
    assert.deepEqual(refusal(await all.remove("boss")), ["last_admin"]);
    assert.deepEqual(refusal(await all.revoke("boss", client.secrets[0]?.secretId ?? "")), ["last_admin"]);
    for (const input of [{ scope: "" }, { scope: "carnet:clients:read" }, { ip_allowlist: ["203.0.113.1"] }])
      assert.deepEqual(refusal(await all.change("boss", input)), ["last_admin"], JSON.stringify(input));
    done(await all.rotate("boss"));
    done(await all.revoke("boss", client.secrets[0]?.secretId ?? ""));
    done(await all.register({ client_id: "second", role: "admin" }));
    done(await all.remove("boss"));
  });

  test("of before there were roles, with a mixture of scopes, can still be disabled", async () => {
    const { platform: all, endpoint } = await withOwners();
    done(await all.register({ client_id: "old" }));
    endpoint.store.change("old", { role: "auditor", scopes: ["carnet:clients:read", "file:read"] });
    done(await all.change("old", { status: "disabled" }));
    assert.deepEqual(refusal(await all.change("old", { scope: "file:read" })), ["invalid", "/audience", "/scope"]);
  });
});
