import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { reservedClaims } from "@carnet/protocol/static-claims";
import { decodeJwt } from "jose";
import { askForToken, tokenOf } from "../../support/admin-api.ts";
import { type AdminWorld, pointersOf } from "./world.ts";

const everything = {
  client_id: "every-field",
  client_name: "Ключ 🔑",
  username: "user@example.test",
  workspace: "QWNjb3VudB82Nzg",
  scope: "file:write file:read",
  scope_policy: "strict",
  status: "active",
  expires_at: "2027-06-30T10:00:00.000Z",
  ip_allowlist: ["127.0.0.0/8", "2001:db8::/32"],
  token_endpoint_auth_method: "client_secret_post",
  access_token_ttl: 120,
  audience: "https://api.example.test",
  labels: { team: "payments", stage: "test" },
  claims: { groups: ["editors"], limits: { daily: 5 } },
  owner: "default",
  role: null,
  role_owners: null,
};

/** Registering, showing, changing, disabling, enabling and deleting clients. */
export function clientCases(world: () => AdminWorld): void {
  describe("clients", () => {
    it("are registered with every field, are shown with it, and get tokens that follow it", async () => {
      const { api, service } = world();
      const { json, headers } = await api.expect(201, "POST", "/clients", { body: everything });
      const { client_secret: clientSecret, ...client } = json;
      const { secrets, warnings, created_at, updated_at, ...settings } = client;
      assert.deepEqual(settings, everything);
      assert.deepEqual([created_at, updated_at], ["2026-11-21T12:00:00.000Z", "2026-11-21T12:00:00.000Z"]);
      assert.deepEqual(warnings, []);
      assert.equal(Object(secrets).length, 1);
      assert.equal(headers.get("location"), "/admin/v1/clients/every-field");
      const shown = await api.expect(200, "GET", "/clients/every-field");
      assert.deepEqual(shown.json, client);
      assert.equal(shown.headers.get("etag"), headers.get("etag"));
      const claims = decodeJwt(await tokenOf(service, { clientId: "every-field", clientSecret: String(clientSecret) }));
      assert.equal(claims.aud, everything.audience);
      assert.deepEqual({ groups: claims["groups"], limits: claims["limits"] }, everything.claims);
      const arid = Buffer.from(String(claims["arid"]), "base64url").toString();
      assert.equal(arid, `Workspace\u001f${everything.workspace}`);
      assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 120);
    });

    it("are registered without any field, with a generated id and secret", async () => {
      const { api, service } = world();
      const { json } = await api.expect(201, "POST", "/clients", { body: {} });
      assert.match(String(json["client_id"]), /^[0-9a-f-]{36}$/);
      assert.equal(json["scope"], "");
      const [secret] = Object(json["secrets"]);
      assert.ok(String(json["client_secret"]).startsWith(secret.prefix));
      assert.equal(secret.kind, "generated");
      await tokenOf(service, { clientId: String(json["client_id"]), clientSecret: String(json["client_secret"]) });
    });

    it("are registered with an existing secret, of which no response and no file has even the start", async () => {
      const { api, service } = world();
      const value = "Q~7%-existing-secret-0123456789";
      const { json } = await api.expect(201, "POST", "/clients", {
        body: { client_id: "existing", secret: { value, label: "from before" } },
      });
      assert.ok(!("client_secret" in json));
      assert.ok(!JSON.stringify(json).includes(value.slice(0, 4)));
      for (const suffix of ["", "-wal"])
        assert.ok(!readFileSync(join(service.folder, `carnet.db${suffix}`)).includes(value.slice(0, 4)));
      const [{ label, prefix }] = Object(json["secrets"]);
      assert.deepEqual({ label, prefix }, { label: "from before", prefix: null });
      await tokenOf(service, { clientId: "existing", clientSecret: value });
    });

    it("are refused with each invalid field named, and without repeating the input", async () => {
      const { api } = world();
      const planted = "planted-secret-0123456789";
      const { json } = await api.expect(422, "POST", "/clients", {
        body: {
          client_id: ":",
          scope: '"',
          expires_at: "yesterday",
          ip_allowlist: ["1.2.3.4/99"],
          access_token_ttl: 0,
          audience: " ",
          labels: { "No Label": "x" },
          secret: { value: `${planted}\n`, expires_at: "2020-01-01" },
        },
      });
      assert.deepEqual(pointersOf(json).sort(), [
        ...["/access_token_ttl", "/audience", "/client_id", "/expires_at", "/ip_allowlist", "/labels", "/scope"],
        ...["/secret/expires_at", "/secret/value"],
      ]);
      assert.ok(!JSON.stringify(json).includes(planted));
      const enums = await api.expect(422, "POST", "/clients", {
        body: { status: "on", scope_policy: planted, token_endpoint_auth_method: "none", client_name: 7 },
      });
      assert.deepEqual(pointersOf(enums.json).sort(), [
        ...["/client_name", "/scope_policy", "/status", "/token_endpoint_auth_method"],
      ]);
      assert.match(JSON.stringify(enums.json), /must be one of: narrow, strict, ignore/);
      assert.ok(!JSON.stringify(enums.json).includes(planted));
    });

    it("are refused when the id is taken, and the existing client does not change", async () => {
      const { api } = world();
      const first = await api.expect(201, "POST", "/clients", { body: { client_id: "taken" } });
      const again = await api.expect(409, "POST", "/clients", { body: { client_id: "taken", client_name: "mine" } });
      assert.equal(again.json["type"], "urn:carnet:problem:taken");
      const shown = await api.expect(200, "GET", "/clients/taken");
      assert.equal(shown.headers.get("etag"), first.headers.get("etag"));
    });

    it("are found by any valid id", async () => {
      const { api } = world();
      for (const id of ["with space", "a/b", "a%2Fb", "a?b#c", "...", "~".repeat(255), "import", "<script>"]) {
        const { headers } = await api.expect(201, "POST", "/clients", { body: { client_id: id } });
        const { json } = await api.expect(200, "GET", `/clients/${encodeURIComponent(id)}`);
        assert.equal(json["client_id"], id);
        assert.equal(headers.get("location"), `/admin/v1/clients/${encodeURIComponent(id)}`);
      }
      for (const id of [".", ".."]) {
        const { json } = await api.expect(422, "POST", "/clients", { body: { client_id: id } });
        assert.deepEqual(pointersOf(json), ["/client_id"]);
      }
    });

    it("are changed by a merge patch: omitted fields stay, null resets, labels are merged [RFC7396 §2]", async () => {
      const { api } = world();
      await api.expect(201, "POST", "/clients", { body: { ...everything, client_id: "patched" } });
      const { json } = await api.expect(200, "PATCH", "/clients/patched", {
        body: { client_name: "Another", expires_at: null, labels: { stage: null, region: "eu" }, ip_allowlist: null },
      });
      assert.equal(json["client_name"], "Another");
      assert.equal(json["expires_at"], null);
      assert.deepEqual(json["labels"], { team: "payments", region: "eu" });
      assert.deepEqual(json["ip_allowlist"], []);
      assert.equal(json["scope"], everything.scope);
      const nothing = { client_name: null, username: null, scope: null, scope_policy: null, labels: null };
      const reset = await api.expect(200, "PATCH", "/clients/patched", {
        body: { ...nothing, token_endpoint_auth_method: null, access_token_ttl: null, audience: null, status: null },
      });
      const { client_name, scope, scope_policy, labels, audience, access_token_ttl, status } = reset.json;
      assert.deepEqual(
        { client_name, scope, scope_policy, labels, audience, access_token_ttl, status },
        {
          ...{ client_name: null, scope: "", scope_policy: "narrow", labels: {}, audience: null },
          ...{ access_token_ttl: null, status: "active" },
        },
      );
    });

    it("refuse each reserved claim, and a member that appears twice, by its place", async () => {
      const { api } = world();
      await api.expect(201, "POST", "/clients", { body: { client_id: "claiming", claims: { tier: "gold" } } });
      for (const name of Object.values(reservedClaims).flat()) {
        const body = { claims: { [name]: "planted" } };
        for (const [method, path] of [
          ["PATCH", "/clients/claiming"],
          ["POST", "/clients"],
        ] as const) {
          const { json } = await api.expect(422, method, path, { body });
          assert.deepEqual(pointersOf(json), [`/claims/${name}`]);
          assert.doesNotMatch(JSON.stringify(json), /planted/);
        }
      }
      const polluting = { body: JSON.parse('{"claims":{"a":{"__proto__":{"b":1}}}}') };
      const { json } = await api.expect(422, "PATCH", "/clients/claiming", polluting);
      assert.deepEqual(pointersOf(json), ["/claims/a/__proto__"]);
      const list = await api.expect(422, "PATCH", "/clients/claiming", { body: { claims: ["x"] } });
      assert.deepEqual(pointersOf(list.json), ["/claims"]);
      const { json: same } = await api.expect(200, "PATCH", "/clients/claiming", {
        body: { claims: { tier: "gold" } },
      });
      assert.deepEqual([same["claims"], same["created_at"]], [{ tier: "gold" }, same["updated_at"]]);
    });

    it("cannot change their workspace or id", async () => {
      const { api } = world();
      for (const [name, value] of Object.entries({ workspace: "other", client_id: "other", secret: {} })) {
        const { json } = await api.expect(422, "PATCH", "/clients/patched", { body: { [name]: value } });
        assert.deepEqual(pointersOf(json), [`/${name}`]);
      }
    });

    it("are changed only when If-Match has the current ETag, which each change replaces [RFC9110 §13.1.1]", async () => {
      const { api } = world();
      const { headers } = await api.expect(201, "POST", "/clients", { body: { client_id: "matched" } });
      const first = String(headers.get("etag"));
      const call = (etag: string) => ({ headers: { "if-match": etag } });
      const changed = await api.expect(200, "PATCH", "/clients/matched", {
        ...call(first),
        body: { client_name: "1" },
      });
      const second = String(changed.headers.get("etag"));
      assert.notEqual(second, first);
      const late = await api.expect(412, "PATCH", "/clients/matched", { ...call(first), body: { client_name: "2" } });
      assert.equal(late.json["type"], "urn:carnet:problem:changed");
      for (const [method, path] of [
        ["POST", "/clients/matched/disable"],
        ["POST", "/clients/matched/enable"],
        ["DELETE", "/clients/matched"],
      ] as const) {
        await api.expect(412, method, path, call(first));
      }
      await api.expect(412, "POST", "/clients/matched/secrets", { ...call(first), body: {} });
      await api.expect(412, "POST", "/clients/matched/secrets/rotate", { ...call(first), body: {} });
      const [{ secret_id }] = Object(changed.json["secrets"]);
      await api.expect(412, "DELETE", `/clients/matched/secrets/${secret_id}`, call(first));
      assert.equal((await api.expect(200, "GET", "/clients/matched")).headers.get("etag"), second);
      await api.expect(200, "PATCH", "/clients/matched", { ...call(`"other", ${second}`), body: { client_name: "3" } });
      await api.expect(204, "DELETE", "/clients/matched", call("*"));
    });

    it("get no token while they are disabled, and tokens again once they are enabled", async () => {
      const { api, service } = world();
      const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "switched" } });
      const credentials = ["switched", String(json["client_secret"])] as const;
      assert.equal((await askForToken(service.url, ...credentials)).status, 200);
      assert.equal((await api.expect(200, "POST", "/clients/switched/disable")).json["status"], "disabled");
      assert.equal((await askForToken(service.url, ...credentials)).status, 401);
      assert.equal((await api.expect(200, "POST", "/clients/switched/enable")).json["status"], "active");
      assert.equal((await askForToken(service.url, ...credentials)).status, 200);
    });

    it("lose every secret at once when their username changes, and none when it stays the same", async () => {
      const { api, service } = world();
      const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "renamed", username: "one" } });
      const added = await api.expect(201, "POST", "/clients/renamed/secrets", { body: {} });
      const secrets = [String(json["client_secret"]), String(added.json["client_secret"])];
      await api.expect(200, "PATCH", "/clients/renamed", { body: { username: "one", client_name: "Same user" } });
      for (const secret of secrets) assert.equal((await askForToken(service.url, "renamed", secret)).status, 200);
      const renamed = await api.expect(200, "PATCH", "/clients/renamed", { body: { username: "two" } });
      const states = Object(renamed.json["secrets"]).map(({ state }: { state: string }) => state);
      assert.deepEqual(states, ["revoked", "revoked"]);
      for (const secret of secrets) assert.equal((await askForToken(service.url, "renamed", secret)).status, 401);
    });

    it("are deleted with their secrets, and their id can be used again", async () => {
      const { api, service } = world();
      const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "deleted" } });
      const credentials = ["deleted", String(json["client_secret"])] as const;
      assert.equal((await askForToken(service.url, ...credentials)).status, 200);
      await api.expect(204, "DELETE", "/clients/deleted");
      assert.equal((await askForToken(service.url, ...credentials)).status, 401);
      for (const [method, path, body] of [
        ["GET", "/clients/deleted", undefined],
        ["DELETE", "/clients/deleted", undefined],
        ["PATCH", "/clients/deleted", {}],
        ["POST", "/clients/deleted/disable", undefined],
        ["POST", "/clients/deleted/enable", undefined],
        ["GET", "/clients/deleted/secrets", undefined],
        ["GET", "/clients/deleted/secrets/x", undefined],
        ["POST", "/clients/deleted/secrets", {}],
        ["POST", "/clients/deleted/secrets/rotate", {}],
        ["DELETE", "/clients/deleted/secrets/x", undefined],
      ] as const) {
        const answer = await api.expect(404, method, path, body === undefined ? {} : { body });
        assert.equal(answer.json["type"], "urn:carnet:problem:not_found");
      }
      await api.expect(201, "POST", "/clients", { body: { client_id: "deleted" } });
      assert.equal((await askForToken(service.url, ...credentials)).status, 401);
    });
  });
}
