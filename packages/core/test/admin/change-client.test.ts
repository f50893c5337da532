import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { changeSettings, deleteClient, entityTagOf } from "@carnet/core/admin/change-client";
import type { Client } from "@carnet/core/client/client";
import type { ClientSettingsInput } from "@carnet/core/client/client-settings";
import type { ClientRegistration } from "@carnet/core/client/register-client";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const everything = {
  client_name: "Nightly export",
  username: "grace",
  scope: "a b",
  scope_policy: "strict",
  status: "disabled",
  expires_at: "2027-01-31",
  ip_allowlist: ["203.0.113.0/24", "2001:db8::/32"],
  token_endpoint_auth_method: "client_secret_post",
  access_token_ttl: 60,
  audience: "https://api.example.test",
  labels: { team: "x", tier: "1" },
} as const satisfies ClientSettingsInput;

/** The stored value of each field after it is set to null. */
const unset: Partial<Record<keyof Client, unknown>> = {
  clientName: null,
  username: null,
  scopes: [],
  scopePolicy: "narrow",
  status: "active",
  expiresAt: null,
  ipAllowlist: [],
  tokenEndpointAuthMethod: null,
  accessTokenTtl: null,
  audience: null,
  labels: {},
};

async function withClient(registration: ClientRegistration = {}) {
  const endpoint = new TestEndpoint();
  const { client } = await endpoint.register({ client_id: "app", ...registration });
  const ports = adminPortsOf(endpoint);
  endpoint.clock.advance(1000);
  return {
    endpoint,
    ports,
    client,
    change: (input: ClientSettingsInput, ifMatch?: readonly string[]) =>
      changeSettings({ clientId: "app", ifMatch }, input, ports),
    now: async () => (await allClients(endpoint.store))[0],
  };
}

/** The client with address blocks as text, so that equal blocks compare equal. */
const plain = (client: Client | undefined) =>
  client && { ...client, ipAllowlist: client.ipAllowlist.map(({ text }) => text) };

suite("A change of settings", () => {
  suite("that sets one field sets only that, and null restores its default [RFC7396 §2]", () => {
    for (const field of Object.keys(everything) as (keyof typeof everything)[]) {
      test(field, async () => {
        const { client, change, now } = await withClient();
        const { client: whole } = await (await withClient(everything)).endpoint.register(everything);
        const set = await change({ [field]: everything[field] });
        assert.ok(set.ok);
        const changed = Object.keys(unset).filter(
          (name) => JSON.stringify(Reflect.get(set.value.client, name)) !== JSON.stringify(Reflect.get(client, name)),
        );
        assert.equal(changed.length, 1);
        const [name = ""] = changed;
        assert.deepEqual(Reflect.get(plain(set.value.client) ?? {}, name), Reflect.get(plain(whole) ?? {}, name));
        assert.deepEqual(plain(await now()), plain(set.value.client));
        const back = await change({ [field]: null });
        assert.ok(back.ok);
        assert.deepEqual(Reflect.get(back.value.client, name), Reflect.get(unset, name));
        assert.equal(back.value.client.version, 3);
      });
    }
  });

  suite("that omits one field leaves it unchanged [RFC7396 §2]", () => {
    for (const field of Object.keys(everything) as (keyof typeof everything)[]) {
      test(field, async () => {
        const { client, change } = await withClient(everything);
        const { [field]: _, ...others } = everything;
        const nulls = Object.fromEntries(Object.keys(others).map((name) => [name, null]));
        const changed = await change(nulls);
        assert.ok(changed.ok);
        const kept = Object.keys(unset).filter(
          (name) =>
            JSON.stringify(Reflect.get(changed.value.client, name)) === JSON.stringify(Reflect.get(client, name)),
        );
        assert.equal(kept.length, 1);
      });
    }
  });

  test("adds, changes and removes single labels [RFC7396 §2]", async () => {
    const { change } = await withClient({ labels: { stays: "1", changes: "1", goes: "1" } });
    const changed = await change({ labels: { changes: "2", goes: null, comes: "3", never: null } });
    assert.ok(changed.ok);
    assert.deepEqual(changed.value.client.labels, { stays: "1", changes: "2", comes: "3" });
  });

  test("increments the version, records the time, and changes no read-only field", async () => {
    const { client, change, endpoint } = await withClient({ workspace: "QWNj" });
    const changed = await change({ client_name: "x" });
    assert.ok(changed.ok);
    const { clientName, version, updatedAt, ...rest } = changed.value.client;
    assert.deepEqual(
      { clientName, version, updatedAt },
      { clientName: "x", version: 2, updatedAt: endpoint.clock.now() },
    );
    const { clientName: _name, version: _version, updatedAt: _updated, ...before } = client;
    assert.deepEqual(rest, before);
  });

  test("ignores a workspace, a client id and a version in the request", async () => {
    const { change, now } = await withClient({ workspace: "QWNj" });
    const input: object = { workspace: "other", client_id: "other", version: 7 };
    assert.ok((await change(input)).ok);
    const client = await now();
    assert.deepEqual(
      { id: client?.clientId, workspace: client?.workspace, version: client?.version },
      { id: "app", workspace: "QWNj", version: 1 },
    );
  });

  test("that sets the current values keeps the ETag [RFC9110 §8.8.3]", async () => {
    const { client, change, now } = await withClient(everything);
    const { labels, ip_allowlist } = everything;
    for (const same of [
      {},
      everything,
      { labels: { tier: labels.tier, team: labels.team } },
      { labels: { never: null } },
      { ip_allowlist: [...ip_allowlist] },
      { scope: " a  b a" },
    ]) {
      const changed = await change(same);
      assert.ok(changed.ok, JSON.stringify(same));
      assert.equal(entityTagOf(changed.value.client), entityTagOf(client), JSON.stringify(same));
    }
    assert.deepEqual(plain(await now()), plain(client));
    const reordered = await change({ scope: "b a" });
    assert.ok(reordered.ok && reordered.value.client.version === 2, "every response keeps the order of scopes");
  });

  test("is refused with all invalid fields listed, and changes nothing", async () => {
    const { client, change, now } = await withClient();
    const refused = await change({ client_name: "good", status: "x", access_token_ttl: 0, labels: { "": "" } });
    assert.ok(!refused.ok);
    assert.equal(refused.error.kind, "invalid");
    const pointers = refused.error.errors?.map(({ pointer }) => pointer);
    assert.deepEqual(pointers, ["/status", "/access_token_ttl", "/labels"]);
    assert.deepEqual(await now(), client);
  });

  test("counts the labels after the change, not the labels in the request", async () => {
    const some = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, number) => [`l${from + number}`, ""]));
    const { change } = await withClient({ labels: some(0, 31) });
    assert.ok((await change({ labels: some(31, 1) })).ok);
    assert.ok(!(await change({ labels: some(32, 1) })).ok);
    assert.ok((await change({ labels: { ...some(32, 1), l0: null } })).ok);
  });

  test("to another username revokes all secrets at once, and to the same one revokes none", async () => {
    const { endpoint, change } = await withClient({ username: "grace" });
    const { generatedSecret } = await endpoint.register({ client_id: "other", username: "grace" });
    const ports = adminPortsOf(endpoint);
    const form = { client_id: "other", client_secret: generatedSecret?.reveal() ?? "" };
    const changeOther = (username: string | null) =>
      changeSettings({ clientId: "other", ifMatch: undefined }, { username, client_name: `as ${username}` }, ports);
    assert.ok((await changeOther("grace")).ok);
    assert.equal((await endpoint.post(form)).status, 200);
    const changed = await changeOther(null);
    assert.ok(changed.ok);
    endpoint.ports.directory.forget("other");
    assert.deepEqual(
      changed.value.client.secrets.map(({ revokedAt }) => revokedAt),
      [endpoint.clock.now()],
    );
    assert.equal((await endpoint.post(form)).status, 401);
    assert.ok((await change({ username: "ada" })).ok);
  });

  test("to another username keeps the time of an earlier revocation", async () => {
    const { endpoint, client, change } = await withClient();
    endpoint.store.change("app", { secrets: client.secrets.map((secret) => ({ ...secret, revokedAt: 5 })) });
    const changed = await change({ username: "ada" });
    assert.ok(changed.ok);
    assert.equal(changed.value.client.secrets[0]?.revokedAt, 5);
  });

  test("to a scope missing from a closed catalogue is refused, unless the client has it already", async () => {
    const { ports, client, endpoint } = await withClient({ scope: "old" });
    const closed = { ...ports, scopes: closedCatalogue(["new"]) };
    const target = { clientId: "app", ifMatch: undefined };
    assert.ok((await changeSettings(target, { scope: "old new" }, closed)).ok);
    const refused = await changeSettings(target, { scope: "old new unheard-of other" }, closed);
    assert.ok(!refused.ok);
    assert.equal(refused.error.errors?.[0]?.pointer, "/scope");
    assert.match(refused.error.detail, /unheard-of other/);
    assert.deepEqual((await endpoint.store.find(client.clientId))?.scopes, ["old", "new"]);
  });
});

function closedCatalogue(names: readonly string[]) {
  const list = async () => names.map((name) => ({ name, description: name, claims: {} }));
  return new ScopeCatalogue(
    {
      list,
      claims: async () => new Map(),
      existing: async () => [],
      put: async () => "changed",
      delete: async () => "changed",
    },
    false,
  );
}

suite("If-Match", () => {
  test("accepts a change with the current ETag, with one of several, and with a star [RFC9110 §13.1.1]", async () => {
    const { client, change } = await withClient();
    let tag = entityTagOf(client);
    for (const [number, tags] of [() => [tag], () => ['"x"', tag], () => ["*"]].entries()) {
      const changed = await change({ client_name: `${number}` }, tags());
      assert.ok(changed.ok);
      assert.notEqual(entityTagOf(changed.value.client), tag);
      tag = entityTagOf(changed.value.client);
    }
  });

  test("refuses a change with any other ETag, and says to read the client again [RFC9110 §13.1.1]", async () => {
    const { client, change, now } = await withClient();
    const stale = entityTagOf(client);
    assert.ok((await change({ client_name: "first" })).ok);
    const before = await now();
    for (const tags of [
      [stale],
      [],
      [`W/${entityTagOf(before ?? client)}`],
      [entityTagOf(before ?? client).slice(1, -1)],
    ]) {
      const refused = await change({ client_name: "second" }, tags);
      assert.ok(!refused.ok && refused.error.kind === "changed", tags.join());
    }
    assert.deepEqual(await now(), before);
  });

  test("with the ETag of a deleted client fails after the client is registered again", async () => {
    const { client, change, ports, endpoint } = await withClient();
    assert.ok((await deleteClient({ clientId: "app", ifMatch: [entityTagOf(client)] }, ports)).ok);
    await endpoint.register({ client_id: "app" });
    const refused = await change({ client_name: "x" }, [entityTagOf(client)]);
    assert.ok(!refused.ok && refused.error.kind === "changed");
  });

  test("is checked again when a concurrent change is stored first", async () => {
    const { client, ports, endpoint, now } = await withClient();
    let others = 1;
    const quicker: typeof ports.store = Object.create(endpoint.store);
    quicker.find = async (id) => {
      const found = await endpoint.store.find(id);
      if (others-- > 0) await changeSettings({ clientId: "app", ifMatch: undefined }, { client_name: "other" }, ports);
      return found;
    };
    quicker.replace = (next, change) => endpoint.store.replace(next, change);
    const target = { clientId: "app", ifMatch: [entityTagOf(client)] };
    const refused = await changeSettings(target, { client_name: "mine" }, { ...ports, store: quicker });
    assert.ok(!refused.ok && refused.error.kind === "changed");
    assert.equal((await now())?.clientName, "other");
    others = 1;
    const unconditional = { clientId: "app", ifMatch: undefined };
    const merged = await changeSettings(unconditional, { audience: "mine" }, { ...ports, store: quicker });
    assert.ok(merged.ok);
    assert.deepEqual(
      { name: (await now())?.clientName, audience: (await now())?.audience },
      { name: "other", audience: "mine" },
    );
  });
});
