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

  test("every role can do it, also one that can change nothing else", async () => {
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
});
