import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGuard } from "@carnet/guard";
import { resourceMetadata } from "@carnet/guard/fetch";
import { createTestIssuer } from "@carnet/guard/testing";
import { servers } from "./servers.ts";

const resource = "https://files.test/api/v1";
const path = "/.well-known/oauth-protected-resource/api/v1";

for (const [name, start] of Object.entries(servers)) {
  describe(`the protected resource metadata on ${name}`, () => {
    it("is JSON between the host and the path of the API [RFC9728 §3.1, RFC9728 §3.2]", async () => {
      const issuer = await createTestIssuer();
      const details = { scopes: ["file:read"], name: "Files", documentation: "https://files.test/docs" };
      await using api = await start(createGuard({ ...issuer, resource }), { details });
      const response = await api.call(path);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type") ?? "", /^application\/json(;|$)/);
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
      assert.deepEqual(await response.json(), {
        resource,
        authorization_servers: [issuer.issuer],
        scopes_supported: ["file:read"],
        bearer_methods_supported: ["header"],
        resource_name: "Files",
        resource_documentation: "https://files.test/docs",
      });
    });

    it("needs no token, and does not take requests away from the API", async () => {
      await using api = await start(createGuard({ ...(await createTestIssuer()), resource }), { details: {} });
      assert.equal((await api.call(`${path}?x=1`)).status, 200);
      assert.equal((await api.call(path, { method: "HEAD" })).status, 200);
      for (const other of ["/files", `${path}/x`, "/.well-known/oauth-protected-resource"])
        assert.notEqual((await api.call(other)).status, 200, other);
      assert.notEqual((await api.call(path, { method: "POST" })).status, 200);
    });

    it("is named in every challenge [RFC9728 §5.1]", async () => {
      const issuer = await createTestIssuer();
      await using api = await start(createGuard({ ...issuer, resource }), { details: {} });
      const named = new RegExp(`^Bearer .*\\bresource_metadata="https://files\\.test${path}"(,|$)`);
      const tokens = [undefined, "abc", await issuer.issue({ scopes: [] })];
      for (const token of tokens) {
        const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
        const response = await api.call("/files", { headers });
        assert.match(response.headers.get("www-authenticate") ?? "", named);
      }
    });
  });
}

describe("the protected resource metadata", () => {
  it("repeats the API's URL as it was configured [RFC9728 §3.3]", async () => {
    const issuer = await createTestIssuer();
    for (const [configured, url] of [
      ["https://files.test", "https://files.test/.well-known/oauth-protected-resource"],
      ["https://files.test/", "https://files.test/.well-known/oauth-protected-resource"],
      ["https://FILES.test/a/", "https://files.test/.well-known/oauth-protected-resource/a/"],
      ["http://localhost:3000", "http://localhost:3000/.well-known/oauth-protected-resource"],
    ] as const) {
      const answer = resourceMetadata(createGuard({ ...issuer, resource: configured }));
      const response = answer(new Request(url)) ?? assert.fail(configured);
      assert.equal(Object(await response.json()).resource, configured);
    }
  });

  it("has no empty lists [RFC9728 §3.2]", async () => {
    const guard = createGuard({ ...(await createTestIssuer()), resource });
    for (const details of [{}, { scopes: [] }]) {
      const response = resourceMetadata(guard, details)(new Request(`https://files.test${path}`)) ?? assert.fail();
      assert.equal("scopes_supported" in Object(await response.json()), false);
    }
  });

  it("accepts only an https URL without a query and a fragment as the API's URL [RFC9728 §1.2]", async () => {
    const issuer = await createTestIssuer();
    for (const wrong of ["http://files.test", "https://files.test/#a", "https://files.test/?a=b", "urn:files", ""])
      assert.throws(
        () => createGuard({ ...issuer, resource: wrong }),
        { name: "TypeError", message: /`resource`/ },
        wrong,
      );
  });

  it("cannot be served by a guard that does not know the API's URL", async () => {
    const guard = createGuard(await createTestIssuer());
    assert.throws(() => resourceMetadata(guard), { name: "TypeError", message: /Pass `resource` to createGuard/ });
  });
});
