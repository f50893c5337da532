// Every example request of the OpenAPI document is valid, works when it is sent, and ends no secret.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openApiDocument } from "@carnet/server/http/openapi";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { AdminApi } from "./support/admin-api.ts";
import { OpenApiAnswers } from "./support/openapi-answers.ts";

interface Content {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
}

const document: { paths: Record<string, Record<string, Operation>> } = Object(openApiDocument("http://localhost:8080"));

const samples = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([method, { parameters = [], requestBody }]) =>
    Object.entries(requestBody?.content ?? {}).map(([type, { schema, example, examples = {} }]) => ({
      ...{ method: method.toUpperCase(), type, schema },
      path: parameters.reduce((url, { name, example: value }) => url.replace(`{${name}}`, String(value)), path),
      bodies: [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)],
    })),
  ),
);

describe("the example requests of the OpenAPI document", () => {
  const openapi = new OpenApiAnswers(Object(document));
  const [credentials] = samples.flatMap(({ bodies }) => bodies).filter((body) => "client_secret" in Object(body));
  const { client_id, client_secret } = Object(credentials);
  let service: TestService;
  let api: AdminApi;
  before(async () => {
    service = await startTestService({ settings: { scopeCatalogue: "closed" } });
    api = await AdminApi.of(service);
    await service.register({ client_id, client_secret, scope: "file:read file:write" });
  });
  after(() => service[Symbol.asyncDispose]());

  it("exist for every operation with a body", () => {
    assert.ok(samples.length >= 10);
    for (const { method, path, bodies } of samples) assert.ok(bodies.length > 0, `${method} ${path}`);
  });

  for (const { method, path, type, schema, bodies } of samples) {
    it(`match their schema and are accepted: ${method} ${path} as ${type}`, async () => {
      for (const body of bodies) {
        openapi.assertMatches(schema, body);
        const isForm = type === "application/x-www-form-urlencoded";
        const isAdmin = path.startsWith("/admin/");
        const basic = "client_secret" in Object(body) ? undefined : `${client_id}:${client_secret}`;
        const authorization = isAdmin ? `Bearer ${api.token}` : basic && `Basic ${btoa(basic)}`;
        const response = await fetch(service.url + path, {
          method,
          headers: { "content-type": type, ...(authorization && { authorization }) },
          body: isForm ? new URLSearchParams(Object(body)) : JSON.stringify(body),
        });
        const answer = await response.text();
        if (path.endsWith("/keys/import")) {
          assert.match(answer, /private_key must be an unencrypted private key/); // a real one would be known to everyone
          continue;
        }
        assert.ok(response.ok, `${response.status} ${answer}`);
        if (answer === "") continue; // a revocation
        assert.equal(Object(JSON.parse(answer)).failed?.length ?? 0, 0, answer);
      }
    });
  }

  it("leave every client enabled, and every secret valid without an end", async () => {
    const { json } = await api.expect(200, "GET", "/clients");
    const clients: { status: string; expires_at: null; secrets: { state: string; expires_at: null }[] }[] = Object(
      json["clients"],
    );
    assert.ok(clients.some(({ secrets }) => secrets.length > 2));
    for (const one of clients) {
      assert.deepEqual([one.status, one.expires_at], ["active", null]);
      for (const { state, expires_at } of one.secrets) assert.deepEqual([state, expires_at], ["active", null]);
    }
  });
});
