import assert from "node:assert/strict";
import { once } from "node:events";
import { request as send } from "node:http";
import { describe, it } from "node:test";
import { createGuard, type Guard } from "@carnet/guard";
import { createTestIssuer } from "@carnet/guard/testing";
import { servers } from "./servers.ts";

const enough = ["file:read", "file:list", "other"];
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const challengeOf = (response: Response) => response.headers.get("www-authenticate") ?? "";

/** The parameters of a challenge. Fails if it is no Bearer challenge, or if a parameter is repeated. */
function parametersOf(response: Response): Readonly<Record<string, string>> {
  const [, list = ""] = /^Bearer (.+)$/.exec(challengeOf(response)) ?? assert.fail(challengeOf(response));
  const parameters = [...list.matchAll(/(?:^|, )([a-z_]+)="([\x20-\x21\x23-\x5b\x5d-\x7e]*)"/g)];
  assert.equal(parameters.map(([text]) => text).join(""), list);
  const found = Object.fromEntries(parameters.map(([, name, value]) => [name, value]));
  assert.equal(Object.keys(found).length, parameters.length, list);
  return found;
}

for (const [name, start] of Object.entries(servers)) {
  describe(`protect on ${name}`, () => {
    it("admits a token in the Authorization header, whatever the case of the scheme [RFC6750 §2.1]", async () => {
      const issuer = await createTestIssuer();
      await using api = await start(createGuard(issuer));
      const token = await issuer.issue({ clientId: "reader", scopes: enough });
      for (const scheme of ["Bearer", "bearer", "BEARER"]) {
        const response = await api.call("/files", { headers: { Authorization: `${scheme} ${token}` } });
        assert.equal(response.status, 200);
        assert.deepEqual(await response.json(), { readBy: "reader" });
      }
      assert.deepEqual(api.refused, []);
    });

    it("challenges a request without a token with a parameter but no error code [RFC6750 §3, RFC6750 §3.1]", async () => {
      await using api = await start(createGuard(await createTestIssuer()));
      for (const headers of [{}, { Authorization: "Basic dTpw" }]) {
        const response = await api.call("/files", { headers });
        assert.equal(response.status, 401);
        assert.deepEqual(Object.keys(parametersOf(response)), ["realm"]);
        assert.equal(await response.text(), "");
      }
      assert.deepEqual(api.refused, ["TokenMissing", "TokenMissing"]);
    });

    it("refuses an invalid token with invalid_token and does not say why [RFC6750 §3.1]", async () => {
      const issuer = await createTestIssuer();
      await using api = await start(createGuard(issuer));
      const tokens = {
        expired: await issuer.issue({ scopes: enough, expiresInSeconds: -60 }),
        "for another API": await issuer.issue({ scopes: enough, claims: { aud: "https://other.test" } }),
        "of another issuer": await (await createTestIssuer()).issue({ scopes: enough }),
        "not a token": "abc",
      };
      const answers = new Set<string>();
      for (const [reason, token] of Object.entries(tokens)) {
        const response = await api.call("/files", bearer(token));
        assert.equal(response.status, 401, reason);
        assert.equal(parametersOf(response)["error"], "invalid_token");
        assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
        assert.equal(response.headers.get("cache-control"), "no-store");
        answers.add(challengeOf(response) + (await response.text()));
      }
      assert.equal(answers.size, 1, [...answers].join("\n"));
      assert.deepEqual(api.refused, Array(4).fill("TokenInvalid"));
    });

    it("names all scopes that the operation needs when the token lacks one [RFC6750 §3.1]", async () => {
      const issuer = await createTestIssuer();
      await using api = await start(createGuard(issuer));
      for (const scopes of [[], ["file:read"], ["file:readable", "file:list"]]) {
        const response = await api.call("/files", bearer(await issuer.issue({ scopes })));
        assert.equal(response.status, 403);
        const { error, scope } = parametersOf(response);
        assert.deepEqual({ error, scope }, { error: "insufficient_scope", scope: "file:read file:list" });
        assert.equal(Object(await response.json()).error, "insufficient_scope");
      }
    });

    it("refuses a token in the query, even a valid one [RFC6750 §2.3]", async () => {
      const issuer = await createTestIssuer();
      await using api = await start(createGuard(issuer));
      const token = await issuer.issue({ scopes: enough });
      for (const init of [{}, bearer(token)]) {
        const response = await api.call(`/files?access_token=${token}`, init);
        assert.equal(response.status, 400);
        assert.equal(parametersOf(response)["error"], "invalid_request");
        assert.doesNotMatch(challengeOf(response) + (await response.text()), /eyJ/);
      }
    });

    it("admits no token in a form [RFC6750 §2.2]", async () => {
      const issuer = await createTestIssuer();
      await using api = await start(createGuard(issuer));
      const body = new URLSearchParams({ access_token: await issuer.issue({ scopes: enough }) });
      const response = await api.call("/files", { method: "POST", body });
      assert.ok([400, 401].includes(response.status), String(response.status));
      assert.notEqual(challengeOf(response), "");
    });

    it("refuses a header with two tokens [RFC6750 §3.1]", async () => {
      const issuer = await createTestIssuer();
      await using api = await start(createGuard(issuer));
      const token = await issuer.issue({ scopes: enough });
      const headers = new Headers({ Authorization: `Bearer ${token}` });
      headers.append("Authorization", `Bearer ${token}`);
      const response = await api.call("/files", { headers });
      assert.equal(response.status, 400);
      assert.equal(parametersOf(response)["error"], "invalid_request");
    });

    it("answers 503 with Retry-After and no challenge while the issuer cannot be reached", async () => {
      const issuer = await createTestIssuer();
      const unreachable = () => Promise.reject(new TypeError("fetch failed"));
      await using api = await start(createGuard({ ...issuer, fetch: unreachable, onWarning: () => {} }));
      const response = await api.call("/files", bearer(await issuer.issue({ scopes: enough })));
      assert.equal(response.status, 503);
      assert.match(response.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
      assert.equal(challengeOf(response), "");
    });

    it("passes an error that is not a refusal to the framework", async () => {
      const verify = () => Promise.reject(new Error("a bug"));
      const guard: Guard = { issuer: "https://issuer.test", audience: ["a"], resource: undefined, verify };
      await using api = await start(guard);
      const status = await api.call("/files").then(
        (response) => response.status,
        (error: unknown) => String(error),
      );
      assert.ok(status === 500 || status === "Error: a bug", String(status));
      assert.deepEqual(api.refused, []);
    });
  });
}

for (const name of ["Express", "Fastify"]) {
  describe(`protect on ${name}`, () => {
    it("refuses a second Authorization header, which Node hides [RFC6750 §3.1]", async () => {
      const issuer = await createTestIssuer();
      await using api = (await servers[name]?.(createGuard(issuer))) ?? assert.fail();
      const authorization = ["Authorization", `Bearer ${await issuer.issue({ scopes: enough })}`];
      const headers = ["Host", "files.test", ...authorization, ...authorization];
      const request = send({ host: "127.0.0.1", port: api.port, path: "/files", headers }).end();
      const [response] = await once(request, "response");
      response.resume();
      assert.equal(response.statusCode, 400);
      assert.match(response.headers["www-authenticate"], /error="invalid_request"/);
    });
  });
}
