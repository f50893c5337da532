import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import { openApiDocument } from "@carnet/server/http/openapi";
import { type RawRequest, sendBytes, sendRaw } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";

/** What a browser sends for a page of another origin. */
const page = { Origin: "https://page.example.test" };
const preflight = {
  "Access-Control-Request-Method": "POST",
  "Access-Control-Request-Headers": "authorization",
  "Access-Control-Request-Private-Network": "true",
};

const open = [
  "/.well-known/oauth-authorization-server",
  "/.well-known/openid-configuration",
  "/oauth2/jwks",
  "/oauth2/revocations",
];

const documented = Object.entries(openApiDocument("http://localhost").paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method) => ({
    method: method.toUpperCase(),
    path: path.replaceAll(/\{\w+\}/g, "x"),
  })),
);
const administered = adminOperations.map(({ method, path }) => ({
  method,
  path: `/admin/v1${path.replaceAll(/:\w+/g, "x")}`,
}));
const others = ["/", "/docs", "/docs/reader.js", "/nowhere", "/admin/v1/nowhere", "/oauth2/%zz", "/%6fauth2/jwks"];

/** Every route, and each of their paths with methods that it may not have. */
const everything: readonly RawRequest[] = [
  ...documented,
  ...administered,
  ...[...others, ...documented.map(({ path }) => path)].flatMap((path) =>
    ["GET", "HEAD", "POST", "PUT", "OPTIONS"].map((method) => ({ method, path })),
  ),
];

suite("A page of another origin", () => {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  test("may read the keys, the metadata and the revocation feed, even when they did not change, and nobody's credentials", async () => {
    for (const path of open) {
      for (const method of ["GET", "HEAD"]) {
        for (const headers of [page, { ...page, "If-None-Match": "*" }, {}]) {
          const answer = await sendRaw(service.url, { method, path, headers });
          assert.equal(answer.status, "If-None-Match" in headers ? 304 : 200);
          assert.equal(answer.headers["access-control-allow-origin"], "*");
          assert.deepEqual(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-")).length, 1);
        }
      }
    }
  });

  test("may read nothing else, and a preflight allows nothing", async () => {
    let asked = 0;
    for (const { method, path } of everything) {
      if (open.includes(path) && ["GET", "HEAD"].includes(method)) continue;
      for (const headers of [page, { ...page, ...preflight }]) {
        const answer = await sendRaw(service.url, { method, path, headers });
        const allowed = Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));
        assert.deepEqual(allowed, [], `${method} ${path} ${answer.status}`);
        asked++;
      }
    }
    assert.ok(asked > 100);
  });

  test("may not read a token, a refusal of one, or the answer to bytes that are not HTTP", async () => {
    const { clientId, clientSecret } = await service.register({ scope: "file:read" });
    for (const secret of [clientSecret, "wrong"]) {
      for (const path of ["/oauth2/token", "/iam/v1/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"]) {
        const body = `grant_type=client_credentials&token=x&client_id=${clientId}&client_secret=${secret}`;
        const headers = { ...page, "Content-Type": "application/x-www-form-urlencoded" };
        const answer = await sendRaw(service.url, { method: "POST", path, headers, body });
        assert.equal(answer.status, secret === clientSecret ? 200 : 401);
        assert.equal(answer.headers["access-control-allow-origin"], undefined);
      }
    }
    assert.doesNotMatch(await sendBytes(service.url, "not HTTP\r\n\r\n"), /access-control-/i);
  });
});
