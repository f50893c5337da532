import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { EventRecord, RecordedObject } from "@carnet/core/audit/event-record";
import { explain } from "@carnet/core/audit/explain";
import { ago, changeOf, type Story } from "@carnet/core/audit/story";
import { tokenRefusals } from "@carnet/core/audit/token-refusals";
import type { ClientRegistration } from "@carnet/core/client/register-client";
import { problems } from "@carnet/protocol/admin/problem-kinds";
import type { RevocationHandle } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { eventJson } from "@carnet/server/audit/event-json";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const secret = "planted:secret/0123456789+%";

async function withClient(registration: ClientRegistration = {}): Promise<TestEndpoint> {
  const endpoint = new TestEndpoint();
  await endpoint.register({
    ...{ client_id: "demo", secret: { value: new Redacted(secret) }, scope: "file:read file:write" },
    ...registration,
  });
  return endpoint;
}

type Post = Parameters<TestEndpoint["post"]>;

/** Sends a request, and explains what was recorded of it, with what is known later. */
async function explained(endpoint: TestEndpoint, [form, changes]: Post, known: Partial<Story> = {}) {
  await endpoint.post({ client_id: "demo", client_secret: secret, ...form }, { address: "198.51.100.7", ...changes });
  const recorded = endpoint.records.at(-1);
  assert.ok(recorded);
  const event: EventRecord = JSON.parse(eventJson(recorded, "node-1"));
  const [client] = await allClients(endpoint.store);
  const story = { event, client, liveSecrets: 2, changes: [], refusals: [], now: endpoint.clock.now(), ...known };
  const explanation = explain(story);
  assert.ok(!JSON.stringify([event, explanation]).includes(secret));
  return explanation;
}

/** Replaces the scopes that exist. */
function withScopes(endpoint: TestEndpoint, names: readonly string[]): void {
  Object.assign(endpoint.ports, {
    scopes: { existing: async (asked: string[]) => asked.filter((name) => names.includes(name)) },
  });
}

/** A change of the client that ops-admin made. */
const change = (time: string, event: EventRecord["event"], object: Partial<RecordedObject>): EventRecord => ({
  ...{ time, id: "c-1", event, outcome: "success", node: "node-1", request_id: "r-0", address: "127.0.0.1" },
  actor: { type: "client", client_id: "ops-admin", secret_id: null, jti: null },
  objects: [{ type: "client", client_id: "demo", action: "changed", changes: {}, ...object }],
});

const day = 86_400_000;

suite("An explanation", () => {
  test("of a revoked secret names who revoked it, and when", async () => {
    const endpoint = await withClient();
    const [client] = await allClients(endpoint.store);
    const secrets = client?.secrets ?? [];
    const revokedAt = endpoint.clock.now();
    endpoint.store.change("demo", { secrets: secrets.map((one) => ({ ...one, revokedAt })) });
    const time = new Date(revokedAt).toISOString();
    const revoked = change(time, "secret_revoked", {
      ...{ type: "secret", id: secrets[0]?.secretId ?? "" },
      changes: { revoked_at: { before: null, after: time } },
    });
    const other = { ...revoked, actor: { type: "cli" as const }, objects: [{ ...revoked.objects?.[0], id: "x" }] };
    endpoint.clock.advance(2 * day);
    const { why, next } = await explained(endpoint, [{}], { changes: [other as EventRecord, revoked] });
    assert.equal(why, "the secret matches one that was revoked 2 days ago by ops-admin");
    assert.ok(next.some((step) => step.includes("`carnet secret rotate demo`")));
    assert.match((await explained(endpoint, [{}])).why, /was revoked 2 days ago$/, "without the event of the change");
  });

  test("of an address names it and the allow list, and gives the command", async () => {
    const endpoint = await withClient({ ip_allowlist: ["203.0.113.0/24"] });
    const { what, why, next } = await explained(endpoint, [{}]);
    assert.equal(why, "address 198.51.100.7 is not in the allow list (203.0.113.0/24)");
    assert.match(what, /^a token request of the client demo from 198\.51\.100\.7 was refused less than a minute ago$/);
    assert.match(next[0] ?? "", /`carnet client change demo --allow-ip 203\.0\.113\.0\/24,198\.51\.100\.7`/);
  });

  test("of a scope names what was asked and what is registered, and only counts what does not exist", async () => {
    const endpoint = await withClient();
    withScopes(endpoint, ["graph:read"]);
    const [first] = (await explained(endpoint, [{ scope: "graph:read" }])).next.slice(1);
    assert.match(first ?? "", /`carnet client change demo --scope 'file:read file:write graph:read'`$/);
    for (const [scope, why] of [
      ["graph:read", "asked for graph:read; registered: file:read file:write"],
      ["graph:read nonsense", "asked for graph:read and 1 unknown scope; registered: file:read file:write"],
      ["a b", "asked for 2 unknown scopes; registered: file:read file:write"],
    ] as const) {
      const explanation = await explained(endpoint, [{ scope }]);
      assert.equal(explanation.why, why);
    }
    const pasted = await explained(endpoint, [{ scope: secret }]);
    assert.match(pasted.why, /^asked for 1 unknown scope;/);
  });

  test("bounds the names in the record of a refusal", async () => {
    const scope = Array.from({ length: 300 }, (_, at) => `scope:${at}`).join(" ");
    const endpoint = await withClient({ scope });
    withScopes(
      endpoint,
      Array.from({ length: 300 }, (_, at) => `other:${at}`),
    );
    const { why } = await explained(endpoint, [{ scope: scope.replaceAll("scope", "other") }]);
    assert.match(why, /^asked for other:0 .* other:19 and 80 more and 200 unknown scopes; registered: .*and 280 more$/);
    assert.ok(why.length < 1000);
  });

  test("of Basic credentials that were percent-encoded twice says so", async () => {
    const endpoint = await withClient();
    const once = encodeURIComponent(secret);
    const authorization = [new Redacted(`Basic ${btoa(`demo:${encodeURIComponent(once)}`)}`)];
    const { why, what } = await explained(endpoint, [{ client_id: "", client_secret: "" }, { authorization }]);
    assert.equal(why, "the Basic credentials were percent-encoded twice");
    assert.match(what, /of the client demo /);
    const inBody = await explained(endpoint, [{ client_secret: once }]);
    assert.equal(inBody.why, "the credentials in the body were percent-encoded once too often");
  });

  test("of a wrong secret says whether the client exists, and how many secrets it has", async () => {
    const endpoint = await withClient();
    const wrong: Post = [{ client_secret: "wrong-secret-0123456789" }];
    const known = (liveSecrets: number) => explained(endpoint, wrong, { liveSecrets }).then(({ why }) => why);
    assert.equal(await known(2), "the client demo exists; none of its 2 live secrets matches");
    assert.equal(await known(1), "the client demo exists; its 1 live secret does not match");
    assert.equal(await known(0), "the client demo exists; it has no live secret");
    const unknown = await explained(endpoint, wrong, { client: undefined });
    assert.match(
      unknown.why,
      /^no client with that id was found, or the store does not have this refusal; the id is not recorded, because /,
    );
    assert.match(unknown.what, /of an unknown client/);
  });

  test("says what has happened to the client since", async () => {
    const endpoint = await withClient({ status: "disabled" });
    const at = endpoint.clock.now();
    const status = (minutes: number, event: EventRecord["event"], before: string, after: string) =>
      change(new Date(at + minutes * 60_000).toISOString(), event, { changes: { status: { before, after } } });
    const changes = [
      status(60, "client_enabled", "disabled", "active"),
      status(-60, "client_disabled", "active", "disabled"),
    ];
    const lastUse = { at: at + 90 * 60_000, from: "192.0.2.1" };
    const { why, since } = await explained(endpoint, [{}], { changes, lastUse, now: at + 2 * 3_600_000 });
    assert.equal(why, "the secret is right, but the client was disabled 3 hours ago by ops-admin");
    assert.equal(
      since,
      "the client has since used its secret, 30 minutes ago from 192.0.2.1; the client has since been enabled again by ops-admin, 1 hour ago",
    );
    const gone = await explained(endpoint, [{}], { client: undefined });
    assert.equal(gone.since, "no client has the id demo now");
    assert.match(gone.next.join(), /^register the client again/);
    assert.equal((await explained(endpoint, [{}])).since, null);
    const disabled = await explained(endpoint, [{}]);
    assert.deepEqual(disabled.next, ["if it may act again: `carnet client enable demo`"]);
    const [client] = await allClients(endpoint.store);
    assert.ok(client);
    const again = await explained(endpoint, [{}], { client: { ...client, status: "active" } });
    assert.deepEqual(again.next, ["let the caller try again: the client is active now"]);
  });

  test("of a token whose client is gone names who deleted it", async () => {
    const endpoint = await withClient();
    const { body } = await endpoint.post({ client_id: "demo", client_secret: secret });
    endpoint.store.change("demo", { handle: "another-one" as RevocationHandle });
    const authorization = [new Redacted(`Bearer ${body["access_token"]}`)];
    const deleted = change("2026-11-21T11:00:00.000Z", "client_deleted", { action: "deleted" });
    const empty = { authorization, contentType: undefined, body: new Redacted("") };
    const { why } = await explained(endpoint, [{}, empty], { changes: [deleted] });
    assert.equal(why, "the Bearer token is right, but its client was deleted 1 hour ago by ops-admin");
    const unknown = await explained(endpoint, [{}, empty]);
    assert.match(unknown.why, /its client was deleted, or all of its tokens were revoked$/);
  });

  test("counts the other refusals for the same reason", async () => {
    const endpoint = await withClient({ status: "disabled" });
    const refusal = change("2026-11-21T12:00:00.000Z", "token_refused", {});
    const refusals = ["client_disabled", "client_disabled", "secret_revoked"].map((reason) => ({ ...refusal, reason }));
    const { what } = await explained(endpoint, [{}], { refusals });
    assert.match(what, /; so was 1 more of this client within an hour, for the same reason$/);
  });

  test("of a request that was not refused says so", async () => {
    const endpoint = await withClient();
    const { what, why } = await explained(endpoint, [{ scope: "file:read" }]);
    assert.match(what, /^this request was not refused: it got a token, /);
    assert.match(why, /^the secret [a-z0-9]{16} of the client demo got a token for file:read, valid until 2026-/);
    const changed = change("2026-11-21T12:00:00.000Z", "client_changed", {});
    const story = { event: changed, liveSecrets: 0, changes: [], refusals: [], now: endpoint.clock.now() };
    assert.match(explain(story).what, /^this request was not refused: it was carried out, /);
    assert.match(explain({ ...story, event: { ...changed, outcome: "dry_run" } }).what, /its outcome was dry_run/);
  });

  test("of a refused admin call names the caller, the operation, the target and the next step, whatever the reason", () => {
    for (const [reason, { next }] of Object.entries(problems)) {
      const event: EventRecord = {
        ...change("2026-11-21T12:00:00.000Z", "admin_refused", {}),
        ...{ reason, operation: "deleteClient", target: "demo", detail: "the detail" },
      };
      const now = Date.parse(event.time) + day;
      const explanation = explain({ event, liveSecrets: 0, changes: [], refusals: [], now });
      assert.equal(
        explanation.what,
        "the admin call deleteClient on demo of ops-admin from 127.0.0.1 was refused 1 day ago",
      );
      assert.equal(explanation.why, "the detail");
      assert.equal(explanation.next[0], next);
    }
  });

  test("quotes a client id for the shell", async () => {
    const endpoint = await withClient({ client_id: "it's; rm -rf $HOME" });
    endpoint.store.change("it's; rm -rf $HOME", { status: "disabled" });
    const { next } = await explained(endpoint, [{ client_id: "it's; rm -rf $HOME" }]);
    assert.deepEqual(next, ["if it may act again: `carnet client enable 'it'\\''s; rm -rf $HOME'`"]);
  });

  test("quotes scopes for the shell, even if a name contains a placeholder", async () => {
    const clientId = "a;touch x;b";
    const scope = "x'<client-id>;$(touch)";
    const endpoint = await withClient({ client_id: clientId, scope: "file:read" });
    withScopes(endpoint, [scope]);
    const { next } = await explained(endpoint, [{ client_id: clientId, scope }]);
    assert.equal(
      next[1],
      "or register the client for them: `carnet client change 'a;touch x;b' --scope 'file:read x'\\''<client-id>;$(touch)'`",
    );
  });

  test("quotes a request id for the shell, even if it contains a placeholder", () => {
    const event = { ...change("2026-11-21T12:00:00.000Z", "client_changed", {}), request_id: "r'<client-id>;touch" };
    const { next } = explain({ event, liveSecrets: 0, changes: [], refusals: [], now: Date.parse(event.time) });
    assert.deepEqual(next, ["see what changed with `carnet audit search --request-id 'r'\\''<client-id>;touch'`"]);
  });

  test("has a meaning and a next step for every reason, in plain words", () => {
    for (const [reason, { meaning, next }] of Object.entries(tokenRefusals)) {
      assert.match(meaning, /^[a-zA-Z].{10,150}[^.]$/, reason);
      assert.ok(next.length > 0, reason);
      for (const step of next) assert.match(step, /^[a-zA-Z`].{8,200}[^.]$/, reason);
    }
  });

  test("of a reason that another version recorded falls back to its detail", () => {
    const event = { ...change("2026-11-21T12:00:00.000Z", "token_refused", {}), reason: "new", detail: "the detail" };
    const { why, next } = explain({ event, liveSecrets: 0, changes: [], refusals: [], now: 0 });
    assert.deepEqual(
      { why, next },
      {
        why: "the detail",
        next: ["register the client again, or put the credentials of another client into the caller's settings"],
      },
    );
  });
});

suite("A change of a client", () => {
  const at = "2026-11-21T12:00:00.000Z";

  test("has the objects of this client and of its secrets only", () => {
    const own = [
      { type: "client", client_id: "demo", action: "changed", changes: {} },
      { type: "secret", id: "s", client_id: "demo", action: "created", changes: {} },
    ] as const;
    const other = { ...own[1], client_id: "other" };
    const imported = { ...change(at, "clients_imported", {}), objects: [other, ...own, { ...own[0], client_id: "x" }] };
    assert.deepEqual(changeOf("demo", imported), { ...imported, objects: own });
  });

  test("is not what it did to others, and not what changed nothing", () => {
    const done = change(at, "client_disabled", { client_id: "other" });
    assert.equal(changeOf("ops-admin", done), undefined);
    for (const outcome of ["dry_run", "unchanged", "replayed"])
      assert.equal(changeOf("other", { ...done, outcome }), undefined);
    assert.equal(
      changeOf("demo", { ...done, objects: [{ type: "scope", id: "demo", action: "deleted", changes: {} }] }),
      undefined,
    );
  });
});

test("an age is rounded down to days, hours or minutes", () => {
  const ages = [0, 59_999, 60_000, 3_599_999, 3_600_000, day - 1, day, 2.9 * day].map((age) => ago(-age, 0));
  assert.deepEqual(ages, [
    ...["less than a minute ago", "less than a minute ago", "1 minute ago", "59 minutes ago"],
    ...["1 hour ago", "23 hours ago", "1 day ago", "2 days ago"],
  ]);
});
