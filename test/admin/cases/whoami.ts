import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tokenOf } from "../../support/admin-api.ts";
import type { AdminWorld } from "./world.ts";

/** Who the caller is, and lists of admin clients. */
export function whoamiCases(world: () => AdminWorld): void {
  describe("whoami", () => {
    it("shows the caller with any scope of the admin API, and the secret of its token", async () => {
      const { api, service } = world();
      for (const scope of ["carnet:clients:read", "carnet:clients:write", "carnet:audit:read"]) {
        const client = await service.register({ role: "admin", scope, client_name: "Somebody" });
        await service.addSecret(client.clientId);
        const token = await tokenOf(service, client);
        const { json } = await api.expect(200, "GET", "/whoami", { token });
        assert.equal(json["client_id"], client.clientId);
        assert.deepEqual(
          [json["client_name"], json["role"], json["owners"], json["scope"]],
          ["Somebody", "admin", null, scope],
        );
        assert.equal(Object(json["secret"]).secret_id, client.clientSecret.split("_")[1]);
        assert.ok(!JSON.stringify(json).includes(client.clientSecret));
      }
    });

    it("shows nothing to a token without a scope of the admin API", async () => {
      const { api, service } = world();
      const client = await service.register({ role: "admin", scope: "" });
      await api.expect(403, "GET", "/whoami", { token: await tokenOf(service, client) });
    });
  });

  describe("lists of admin clients", () => {
    it("have each role or one of them, and for a caller of named owners itself alone", async () => {
      const { api, service } = world();
      const listed = async (query: string, token: string = api.token): Promise<readonly string[]> => {
        const { json } = await api.expect(200, "GET", `/clients?limit=1000&${query}`, { token });
        return Object(json["clients"]).map(({ client_id }: { client_id: string }) => client_id);
      };
      await service.register({ client_id: "plain" });
      await service.register({ client_id: "reads-all", role: "auditor" });
      const own = await service.register({ client_id: "reads-own", role: "auditor", role_owners: ["default"] });
      const any = await listed("role=any");
      assert.ok(["carnet-admin", "reads-all", "reads-own"].every((id) => any.includes(id)) && !any.includes("plain"));
      const auditors = await listed("role=auditor");
      assert.ok(auditors.includes("reads-all") && !auditors.includes("carnet-admin"));
      assert.deepEqual(await listed("role=any", await tokenOf(service, own)), ["reads-own"]);
      await api.expect(422, "GET", "/clients?role=root");
    });
  });

  describe("the last platform admin", () => {
    it("cannot be removed, disabled, demoted, expired or left without a secret", async () => {
      const { api } = world();
      const admins = await api.expect(200, "GET", "/clients?role=admin&limit=1000");
      const others: { client_id: string }[] = Object(admins.json["clients"]).filter(
        ({ client_id, role_owners }: { client_id: string; role_owners: unknown }) =>
          role_owners === null && client_id !== "carnet-admin",
      );
      for (const { client_id } of others) await api.expect(204, "DELETE", `/clients/${client_id}`);
      const path = "/clients/carnet-admin";
      const [secret] = Object((await api.expect(200, "GET", path)).json["secrets"]);
      for (const body of [{ status: "disabled" }, { role: "auditor" }, { expires_at: "2099-01-01" }, { scope: "" }])
        await api.expect(409, "PATCH", path, { body });
      await api.expect(409, "PATCH", path, { body: { ip_allowlist: ["203.0.113.1"] } });
      for (const secret of [{ expires_at: "2099-01-01" }, { not_before: "2099-01-01" }])
        await api.expect(409, "POST", `${path}/secrets/rotate`, { body: { secret } });
      await api.expect(409, "POST", `${path}/disable`);
      await api.expect(409, "DELETE", path);
      const { json } = await api.expect(409, "DELETE", `${path}/secrets/${secret.secret_id}`);
      assert.equal(json["type"], "urn:carnet:problem:last_admin");
      await api.expect(200, "GET", path);
    });
  });
}
