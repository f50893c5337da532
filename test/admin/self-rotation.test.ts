import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { AdminApi } from "../support/admin-api.ts";

suite("rotating the own secret", () => {
  let service: TestService;
  let api: AdminApi;
  before(async () => {
    service = await startTestService();
    api = await AdminApi.of(service);
  });
  after(() => service[Symbol.asyncDispose]());

  const create = async (
    role: string,
    id = `one-${role}`,
  ): Promise<{ readonly id: string; readonly secret: string }> => {
    const { json } = await api.call("POST", "/clients", { body: { client_id: id, role } });
    return { id: String(json["client_id"]), secret: String(json["client_secret"]) };
  };

  const tokenOf = async ({ id, secret }: { readonly id: string; readonly secret: string }, scope = "") => {
    const body = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret, scope });
    return String(
      Object(await (await fetch(`${service.url}/oauth2/token`, { method: "POST", body })).json()).access_token,
    );
  };

  const rotate = async (id: string, token: string) =>
    (await api.call("POST", `/clients/${id}/secrets/rotate`, { token, body: {} })).status;

  test("every role can do it, including one that can change nothing else", async () => {
    for (const role of ["admin", "operator", "auditor"]) {
      const client = await create(role);
      assert.equal(await rotate(client.id, await tokenOf(client)), 201, role);
    }
  });

  test("a token with fewer scopes than its client cannot, as the new secret would have them all", async () => {
    const client = await create("auditor", "narrow");
    assert.equal(await rotate(client.id, await tokenOf(client, "carnet:clients:read")), 403);
  });

  test("an auditor cannot rotate another's secret", async () => {
    await service.register({ client_id: "demo", scope: "file:read" });
    assert.equal(await rotate("demo", await tokenOf(await create("auditor", "other"))), 403);
  });

  suite("when the secret has an end", () => {
    const day = 86_400_000;
    const inDays = (days: number) => new Date(Date.now() + days * day).toISOString();
    const expiring = async (client_id: string, more: object) => {
      const body = { client_id, secret: { expires_at: inDays(10) }, ...more };
      const { json } = await api.call("POST", "/clients", { body });
      const token = await tokenOf({ id: client_id, secret: String(json["client_secret"]) });
      const rotateTo = (secret: object, as = token) =>
        api.call("POST", `/clients/${client_id}/secrets/rotate`, { token: as, body: { secret } });
      return { token, rotateTo };
    };
    const lifeOf = ({ json }: { readonly json: Record<string, unknown> }): number =>
      Date.parse(String(json["expires_at"])) - Date.parse(String(json["created_at"]));

    test("gives the new one at most the same life, whatever the role", async () => {
      const own = { role_owners: ["default"] };
      for (const more of [{ role: "auditor" }, { role: "operator", ...own }, { role: "admin", ...own }]) {
        const { rotateTo } = await expiring(`ending-${more.role}`, more);
        const rotated = await rotateTo({});
        assert.equal(rotated.status, 201);
        assert.ok(Math.abs(lifeOf(rotated) - 10 * day) < 60_000, JSON.stringify(rotated.json));
        const shorter = await rotateTo({ expires_at: inDays(0.5) });
        assert.equal(shorter.status, 201);
        assert.ok(lifeOf(shorter) < day);
      }
    });

    test("refuses a longer one, names whom to ask, and records the rule", async () => {
      const { rotateTo } = await expiring("ending-long", { role: "auditor" });
      const refused = await rotateTo({ expires_at: inDays(11) });
      assert.equal(refused.status, 403);
      assert.deepEqual(refused.json["errors"], [
        {
          pointer: "/secret/expires_at",
          detail: "must not give it a longer life than the secret that it replaces",
        },
      ]);
      assert.match(String(refused.json["detail"]), /leave expires_at out, or ask .+ to rotate it$/);
      const event = service.journal().findLast(({ event }) => event === "admin_refused");
      assert.equal(event?.["rule"], "own_secret");
    });

    test("is the life of the secret that is used, not of another one", async () => {
      const { rotateTo } = await expiring("ending-two", { role: "auditor" });
      const added = await api.call("POST", "/clients/ending-two/secrets", { body: {} });
      const bySecret = await tokenOf({ id: "ending-two", secret: String(added.json["client_secret"]) });
      const rotated = await rotateTo({}, bySecret);
      assert.deepEqual([rotated.status, rotated.json["expires_at"]], [201, null]);
      assert.ok(lifeOf(await rotateTo({})) < 11 * day);
    });

    test("counts the end of a secret that ends when it is idle", async () => {
      const { id, secret } = await create("auditor", "ending-idle");
      const token = await tokenOf({ id, secret });
      const idle = { end_old_when_idle_for: 3600, secret: { expires_at: inDays(30) } };
      assert.equal((await api.call("POST", `/clients/${id}/secrets/rotate`, { body: idle })).status, 201);
      const rotated = await api.call("POST", `/clients/${id}/secrets/rotate`, { token, body: {} });
      assert.equal(rotated.status, 201);
      assert.ok(lifeOf(rotated) < day, JSON.stringify(rotated.json));
    });

    test("gives a secret that was replaced no longer life than the one that replaced it", async () => {
      const { rotateTo } = await expiring("ending-replaced", { role: "auditor" });
      const shorter = { body: { secret: { expires_at: inDays(2) }, end_old_at: inDays(8) } };
      assert.equal((await api.call("POST", "/clients/ending-replaced/secrets/rotate", shorter)).status, 201);
      assert.ok(lifeOf(await rotateTo({})) < 3 * day);
    });

    test("leaves it to a platform admin to give another end, also to its own secret", async () => {
      const byPlatform = await expiring("ending-platform", { role: "admin" });
      for (const as of [byPlatform.token, api.token]) {
        const rotated = await byPlatform.rotateTo({}, as);
        assert.deepEqual([rotated.status, rotated.json["expires_at"]], [201, null]);
      }
    });
  });
});
