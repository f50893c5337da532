import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { AnswerError, CarnetError, HTTPClient } from "@carnet/sdk";
import fc from "fast-check";
import { connectionRefused, json, network, type Reaction, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_ID, CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";
import { SPELLINGS, spellings } from "./support/spellings.ts";

const DENO_INSPECT = Symbol.for("Deno.customInspect");

/** A value in every form that a logger could print. */
function printed(value: unknown): string {
  const texts = [
    String(value),
    inspect(value),
    inspect(value, { showHidden: true, depth: Number.POSITIVE_INFINITY, getters: false }),
    JSON.stringify(value) ?? "",
    JSON.stringify({ deep: [value] }),
  ];
  const deno = Reflect.get(Object(value), DENO_INSPECT);
  if (typeof deno === "function") texts.push(inspect(deno.call(value)));
  const { globalThis: _, Deno } = globalThis as { globalThis: unknown; Deno?: { inspect(value: unknown): string } };
  if (Deno !== undefined) texts.push(Deno.inspect(value));
  if (value instanceof Error) texts.push(value.message, String(value.stack), printed(value.cause ?? ""));
  return texts.join("\n");
}

function assertHidden(text: string, secret: string): void {
  for (const spelling of spellings(secret)) assert.ok(!text.includes(spelling), `shows the secret: ${text}`);
}

test("printing an SDK, its parts and its functions shows no secret and no token", async () => {
  const sdk = sdkFor(network(() => tokenAnswer({ access_token: "the-very-token" })));
  await sdk.token();
  for (const value of [sdk, sdk.iam, sdk.fetch, sdk.token, { sdk }]) {
    assertHidden(printed(value), CLIENT_SECRET);
    assert.doesNotMatch(printed(value), /the-very-token/);
  }
  assert.match(inspect(sdk), /api\.example\.test/);
  assert.match(JSON.stringify(sdk), /"security":"\[redacted\]"/);
});

test("printing a token object hides the token, which can still be read", async () => {
  const sdk = sdkFor(network(() => tokenAnswer({ access_token: "the-very-token" })));
  for (const token of [await sdk.token(), await sdk.iam.tokenRequest()]) {
    assert.doesNotMatch(printed(token), /the-very-token/);
    assert.match(printed(token), /file:read/);
    assert.equal(token.accessToken, "the-very-token");
    assert.equal({ ...token }.accessToken, "the-very-token");
    assert.throws(() => Object.assign(token, { accessToken: "other" }), TypeError);
  }
});

test("printing a request in a hook shows only its method and URL", async () => {
  const seen: Request[] = [];
  const keep = (request: Request) => void seen.push(request) as undefined;
  const net = network((sent) =>
    sent.url.endsWith("token") ? tokenAnswer({ access_token: "the-very-token" }) : new Response("ok"),
  );
  const httpClient = new HTTPClient({ fetch: net.fetch, hooks: { beforeRequest: keep } });
  const sdk = sdkFor(net, {
    httpClient,
    hooks: {
      beforeRequest: (request) => {
        seen.push(request);
        return new Request(request, { headers: request.headers });
      },
      response: (_, request) => void seen.push(request),
    },
  });
  await sdk.fetch("/x?q=query-value", { headers: { "x-key": "header-value" } });
  assert.equal(seen.length, 6);
  for (const request of seen) {
    assert.doesNotMatch(printed(request) + printed(request.headers), /the-very-token|query-value|header-value/);
    assertHidden(printed(request), CLIENT_SECRET);
    assert.match(inspect(request), /https:\/\/api\.example\.test\/(x|oauth2\/token)/);
  }
});

test("no error shows the secret, wherever and however a response or a foreign error contains it", async () => {
  const secrets = fc.oneof(
    fc.constantFrom(
      CLIENT_SECRET,
      "ümläut & sp ace/+",
      'quo"te\\\\back<b>',
      "aaaaaaaa",
      "%41%zz%41%zz",
      "it's 😀 here",
    ),
    fc.string({ minLength: 8, maxLength: 40, unit: "grapheme" }).filter((secret) => /\w{3}/.test(secret)),
  );
  const places: Record<string, (secret: string) => Reaction> = {
    error: (s) => json({ error: `bad ${s}` }, { status: 401 }),
    description: (s) => json({ error: "invalid_client", error_description: `'${s}' is wrong` }, { status: 400 }),
    uri: (s) => json({ error: "invalid_client", error_uri: `https://h.test/${s}` }, { status: 400 }),
    code: (s) => json({ code: s }, { status: 403 }),
    message: (s) => json({ message: s }, { status: 500 }),
    body: (s) => json({ code: 404, body: s }, { status: 404 }),
    page: (s) => new Response(`<html>${s}</html>`, { status: 502 }),
    note: (s) => json({ access_token: "bad token\n", note: s }),
    member: (s) => json({ access_token: s, token_type: s, expires_in: s, scope: s }),
    headers: (s) => {
      const value = encodeURIComponent(s.toWellFormed());
      const headers = { "x-request-id": value, location: `https://h.test/${value}`, "set-cookie": value, link: value };
      return new Response(null, { status: 302, headers });
    },
    fetch: (s) =>
      new TypeError(`failed ${s}`, { cause: Object.assign(new Error(s), { config: { data: s }, code: s }) }),
    foreign: (s) => Object.assign(new Error(JSON.stringify({ client_secret: s })), { name: s, request: { body: s } }),
    many: (s) => new AggregateError([new Error(s)], s),
  };
  const spelling = fc.constantFrom(...Object.values(SPELLINGS));
  const property = fc.asyncProperty(
    secrets,
    spelling,
    fc.constantFrom(...Object.values(places)),
    async (clientSecret, spell, place) => {
      const security = { clientId: CLIENT_ID, clientSecret };
      const sdk = sdkFor(
        network(() => place(spell(clientSecret))),
        { security },
      );
      const error = await failure(sdk.iam.tokenRequest({}, { retries: 0 }));
      assert.ok(error instanceof CarnetError);
      assertHidden(printed(error), clientSecret);
      for (const key in error) assertHidden(printed(Reflect.get(error, key)), clientSecret); // Also inherited members.
    },
  );
  await fc.assert(property, { numRuns: 500 });
});

test("redaction leaves readable text alone", async () => {
  const description = "Basic authentication failed: a bearer token is missing at 10:30, see RFC 6750";
  for (const clientSecret of ["a", "e", "token", "failed:", CLIENT_SECRET]) {
    const net = network(() => json({ error: "invalid_client", error_description: description }, { status: 401 }));
    const error = await failure(sdkFor(net, { security: { clientId: CLIENT_ID, clientSecret } }).iam.tokenRequest());
    assert.equal(Reflect.get(Object(error), "errorDescription"), description);
  }
});

test("the raw response is offered unchanged by a method, and never printed", async () => {
  const body = JSON.stringify({ error: "invalid_client", note: CLIENT_SECRET });
  const answer = new Response(body, { status: 401, headers: { "set-cookie": "session=hunter2" } });
  const error = await failure(sdkFor(network(() => answer)).iam.tokenRequest());
  assert.ok(error instanceof AnswerError);
  assert.equal(error.rawResponse().body, body);
  assert.equal(error.rawResponse().headers.get("set-cookie"), "session=hunter2");
  assert.doesNotMatch(printed(error) + printed({ ...error }), /hunter2|note/);
  assert.deepEqual(["body" in error, "headers" in error], [false, false]);
});

test("a token in an invalid response does not appear in the error", async () => {
  const token = "eyJhbGciOiJFUzI1NiJ9.the-very-token.sig";
  const bodies = [
    JSON.stringify({ access_token: token, token_type: "mac" }),
    `{ "access_token" : "${token}`,
    JSON.stringify({
      access_token: token,
      refresh_token: token,
      id_token: token,
      token_type: "Bearer",
      expires_in: "x",
    }),
    `Authorization: Bearer ${token}`,
  ];
  for (const body of bodies) {
    const error = await failure(sdkFor(network(() => new Response(body))).iam.tokenRequest());
    assert.ok(error instanceof CarnetError);
    assert.doesNotMatch(printed(error), /the-very-token/);
  }
});

test("printing an error shows its name, code, status, request id, description and cause", async () => {
  const body = { error: "invalid_scope", error_description: "none of it" };
  const error = await failure(
    sdkFor(
      network(() => json(body, { status: 400, headers: { "x-request-id": "req-9", "set-cookie": "session=hunter2" } })),
    ).iam.tokenRequest(),
  );
  const text = printed(error);
  for (const fact of ["IamError", "IamError", "400", "req-9", "none of it"]) assert.ok(text.includes(fact), fact);
  assert.doesNotMatch(text, /hunter2/);
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    message: "The token endpoint answered 400: invalid_scope: none of it",
    code: "IamError",
    status: 400,
    requestId: "req-9",
    error: "invalid_scope",
    errorDescription: "none of it",
  });
  const unreachable = await failure(sdkFor(network(connectionRefused)).iam.tokenRequest({}, { retries: 0 }));
  assert.match(inspect(unreachable), /ECONNREFUSED/);
});

test("the query of a token endpoint's URL is never printed", async () => {
  const lines: string[] = [];
  const net = network((sent: Sent) =>
    sent.url.endsWith("?tenant=hunter2") ? connectionRefused() : assert.fail(sent.url),
  );
  const sdk = sdkFor(net, {
    tokenURL: "/t?tenant=hunter2",
    debugLogger: { debug: (message, event) => void lines.push(message, JSON.stringify(event)) },
  });
  const error = await failure(sdk.iam.tokenRequest({}, { retries: 0 }));
  assert.doesNotMatch(printed(error) + printed(sdk) + lines.join(), /hunter2/);
});
