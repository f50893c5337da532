// Every reason to refuse a request, provoked in a running service and explained by its admin API to an auditor.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { tokenRefusals } from "@carnet/core/audit/token-refusals";
import type { RefusalReason } from "@carnet/core/token/refusal-reason";
import { type ProblemKind, problems } from "@carnet/protocol/admin/problem-kinds";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi, type AdminCall, tokenOf } from "./support/admin-api.ts";
import { credentials, encoded, refusedRequests, secret, send, type World } from "./support/refused-requests.ts";

suite("carnet explain", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const cleanup = new AsyncDisposableStack();
  let world: World;
  let auditor: { clientId: string; clientSecret: string };

  before(async () => {
    const service = cleanup.use(await startTestService({ clock, settings: { sunsetAt: "2026-11-22T00:00:00Z" } }));
    const api = await AdminApi.of(service);
    const made = await api.expect(201, "POST", "/clients", {
      body: { client_id: "ops-admin", role: "admin", scope: "carnet:clients:read carnet:clients:write" },
    });
    const ops = { clientId: "ops-admin", clientSecret: String(made.json["client_secret"]) };
    const admin: World["admin"] = async (status, method, path, body) => {
      const call: AdminCall = { token: await tokenOf(service, ops), ...(body === undefined ? {} : { body }) };
      return (await api.expect(status, method, path, call)).json;
    };
    const create = (client_id: string, settings: object = {}, more: object = {}) =>
      admin(201, "POST", "/clients", {
        ...{ client_id, scope: "file:read file:write", secret: { value: secret, ...more } },
        ...settings,
      });
    await create("demo");
    await admin(201, "POST", "/clients/demo/secrets", {});
    const { client_secret: generated } = await admin(201, "POST", "/clients", { client_id: "generated" });
    await create("pending", {}, { not_before: "2026-12-01" });
    await create("expired-secret", {}, { expires_at: "2026-11-22T12:00:00Z" });
    await create("idle");
    await admin(201, "POST", "/clients/idle/secrets/rotate", { end_old_when_idle_for: 86_400 });
    const { secrets } = await create("revoked");
    await admin(204, "DELETE", `/clients/revoked/secrets/${Object(secrets)[0].secret_id}`);
    await create("slow-hash");
    await create("disabled");
    await admin(200, "PATCH", "/clients/disabled", { status: "disabled" });
    await create("expired", { expires_at: "2026-11-22T12:00:00Z" });
    await create("replaced");
    await create("elsewhere", { ip_allowlist: ["203.0.113.0/24"] });
    await create("basic-only", { token_endpoint_auth_method: "client_secret_basic" });
    using store = new DatabaseSync(join(service.folder, "carnet.db"));
    store.exec("update client_secrets set kind = 'human' where client_id = 'slow-hash'");
    auditor = await service.register({ role: "auditor", scope: "carnet:audit:read" });
    world = { service, api, generated: String(generated), admin };
    clock.advance(2 * 86_400_000);
  });
  after(() => cleanup.disposeAsync());

  const explain = async (id: string, status = 200) => {
    const token = await tokenOf(world.service, auditor);
    const { json } = await world.api.expect(status, "GET", `/explain?request_id=${encodeURIComponent(id)}`, { token });
    for (const planted of [secret, encoded, world.generated])
      assert.ok(!JSON.stringify(json).includes(planted), `${id} shows a secret`);
    return json;
  };

  for (const [reason, { sent, why }] of Object.entries(refusedRequests)) {
    test(`explains ${reason}`, async () => {
      const request = typeof sent === "function" ? await sent(world) : sent;
      await send(world.service.url, reason, request);
      const { event, ...explanation } = await explain(reason);
      assert.equal(Object(event).reason, reason);
      if (why === undefined) assert.equal(explanation["why"], whyOf(reason as RefusalReason, event));
      else assert.match(String(explanation["why"]), why);
      assert.match(
        String(explanation["what"]),
        /^(a token|an introspection|a revocation) request of .* from 127\.0\.0\.1 was refused less than a minute ago/,
      );
      assert.ok(Array.isArray(explanation["next"]) && explanation["next"].length > 0);
      assert.doesNotMatch(JSON.stringify(explanation), /undefined|null,"null|NaN|\[object|<secret-id>/);
    });
  }

  test("says what has happened to the client since", async () => {
    await send(world.service.url, "since-1", { body: credentials("disabled") });
    clock.advance(60_000);
    await world.admin(200, "PATCH", "/clients/disabled", { status: "active" });
    await tokenOf(world.service, { clientId: "disabled", clientSecret: secret });
    clock.advance(60_000);
    const { since } = await explain("since-1");
    assert.match(
      String(since),
      /^the client has since used its secret, 1 minute ago from 127\.0\.0\.1; the client has since .*/,
    );
    assert.match(String(since), /since been (enabled again|changed \(status\)) by ops-admin, 1 minute ago$/);
  });

  test("explains the newest of several requests with one id, and lists the others", async () => {
    await send(world.service.url, "chosen", { body: "grant_type=client_credentials" });
    clock.advance(1000);
    await send(world.service.url, "chosen", { body: credentials("demo") });
    const { what, others } = await explain("chosen");
    assert.match(
      String(what),
      /^this request was not refused: it got a token, less than a minute ago; 1 other event has the same request id$/,
    );
    assert.deepEqual(
      Object(others).map(({ event, reason }: { event: string; reason: string }) => [event, reason]),
      [["token_refused", "no_credentials"]],
    );
  });

  test("says that a request changed something, or got its own token back", async () => {
    const headers = { "x-request-id": "change-1" };
    await world.api.expect(200, "PATCH", "/clients/demo", {
      ...{ body: { client_name: "Demo" }, headers, token: await tokenOf(world.service, await opsAdmin()) },
    });
    const { what, why } = await explain("change-1");
    assert.match(String(what), /^this request was not refused: it was carried out/);
    assert.match(String(why), /asked for it: client_changed$/);
    const token = await tokenOf(world.service, { clientId: "demo", clientSecret: secret });
    await send(world.service.url, "return-1", { headers: { Authorization: `Bearer ${token}` } });
    assert.match(String((await explain("return-1"))["what"]), /it got its own token back/);
  });

  const opsAdmin = async () => {
    const created = await world.admin(201, "POST", "/clients", {
      ...{ role: "admin", scope: "carnet:clients:read carnet:clients:write" },
    });
    return { clientId: String(created["client_id"]), clientSecret: String(created["client_secret"]) };
  };

  test("explains refused admin calls", async () => {
    const calls: Partial<Record<ProblemKind, readonly [string, string, AdminCall]>> = {
      unauthorized: ["DELETE", "/clients/demo", { token: null }],
      insufficient_role: ["DELETE", "/clients/demo", { token: await tokenOf(world.service, auditor) }],
      not_found: ["DELETE", `/clients/${encoded}`, {}],
      invalid: ["PATCH", "/clients/demo", { body: { status: secret } }],
      taken: ["POST", "/clients", { body: { client_id: "demo" } }],
      changed: ["DELETE", "/clients/demo", { headers: { "if-match": '"other"' } }],
      malformed: ["POST", "/clients", { raw: `{"client_secret":"${secret}"` }],
    };
    for (const [kind, [method, path, call]] of Object.entries(calls)) {
      const token = await tokenOf(world.service, await opsAdmin());
      await world.api.call(method, path, {
        token,
        ...call,
        headers: { ...call.headers, "x-request-id": `admin-${kind}` },
      });
      const { what, why, next } = await explain(`admin-${kind}`);
      assert.match(String(what), /^the admin call (create|delete|change)Client .*was refused less than a minute ago$/);
      assert.ok(String(why).length > 10);
      assert.equal(Object(next)[0], problems[kind as ProblemKind].next);
    }
  });

  test("says where it looked for a request that it does not find", async () => {
    const { detail } = await explain("never-sent", 404);
    assert.match(
      String(detail),
      /^no event has this request id\. Searched: changes and refusals in the store, which keeps refusals of known clients for at most 7 days, and the journal of this node\./,
    );
  });

  test("refuses what cannot be a request id, without repeating it", async () => {
    for (const id of ["", "a b", "ä", "x".repeat(129)]) {
      const { detail } = await explain(id, 422);
      assert.doesNotMatch(String(detail), /a b|ä|xx/);
    }
  });
});

/** The reason in general, or what was recorded. */
function whyOf(reason: RefusalReason, event: unknown): string {
  assert.equal(tokenRefusals[reason].why, undefined, `${reason}: say what is expected`);
  return Object(event).detail;
}
