import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { RawAnswer, RawRequest } from "./raw-http.ts";
import type { TestRegistration } from "./service.ts";

/** A file under `vectors/`: requests to the token endpoint and the expected answers. */
export interface TokenVectors {
  readonly about: string;
  /** The time at which all cases run. */
  readonly now: string;
  readonly server: { readonly issuer: string; readonly audience: string; readonly access_token_ttl: number };
  readonly clients: readonly (TestRegistration & { readonly client_id: string; readonly client_secret: string })[];
  readonly cases: readonly TokenVector[];
}

export interface TokenVector {
  readonly name: string;
  readonly source: string;
  readonly request: RawRequest;
  readonly expect: {
    readonly status: number;
    /** Members that must be equal. */
    readonly json?: Readonly<Record<string, unknown>>;
    /** The exact set of members. */
    readonly keys?: readonly string[];
    readonly keys_at_least?: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
    readonly headers_absent?: readonly string[];
    /** A case-insensitive pattern for `error_description`. */
    readonly description_matches?: string;
  };
}

/** Reads a file of `vectors/`. */
export const readTokenVectors = (name: string): TokenVectors =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));

/** Checks an answer against its case, and against the rules for every answer. */
export function assertTokenVector({ request, expect }: TokenVector, answer: RawAnswer, vectors: TokenVectors): void {
  assert.equal(answer.status, expect.status, answer.body);
  for (const [name, value] of Object.entries(expect.headers ?? {})) assert.equal(answer.headers[name], value, name);
  for (const name of expect.headers_absent ?? []) assert.equal(answer.headers[name], undefined, name);
  assertEveryAnswer(answer, vectors);
  const challenged = answer.headers["www-authenticate"] !== undefined;
  assert.equal(
    challenged,
    answer.status === 401 && !authenticatesInBody(request),
    "a challenge belongs to a 401 unless the credentials are in the body",
  );
  // RFC 9110 §9.3.2: an answer to HEAD has no content
  if (request.method === "HEAD") assert.equal(answer.body, "");
  else assertBody(expect, JSON.parse(answer.body));
}

/** Whether the client tried to authenticate in the body: by the method that gets no challenge. */
function authenticatesInBody({ headers = {}, body = "" }: RawRequest): boolean {
  const scheme = String(headers["Authorization"] ?? "").trim();
  if (scheme !== "" && !/^bearer\b/i.test(scheme)) return false;
  const text = String(body);
  const sent = text.startsWith("{") ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
  return Boolean(sent.client_id) || Boolean(sent.client_secret);
}

function assertBody(expect: TokenVector["expect"], body: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(expect.json ?? {})) assert.deepEqual(body[name], value, name);
  if (expect.keys !== undefined) assert.deepEqual(Object.keys(body).sort(), [...expect.keys].sort());
  for (const name of expect.keys_at_least ?? []) assert.ok(Object.hasOwn(body, name), `${name} is missing`);
  if (expect.description_matches !== undefined) {
    assert.match(String(body["error_description"] ?? ""), new RegExp(expect.description_matches, "i"));
  }
  if (expect.status !== 200) assertErrorShape(body);
}

function assertEveryAnswer(answer: RawAnswer, { clients }: TokenVectors): void {
  assert.match(String(answer.headers["x-request-id"] ?? ""), /^[\x21-\x7e]{1,128}$/);
  assert.equal(answer.headers["content-type"], "application/json;charset=UTF-8");
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.equal(answer.headers.pragma, "no-cache");
  assert.match(answer.body, /^[\x20-\x7e]*$/, "the body is not ASCII");
  const whole = `${JSON.stringify(answer.headers)}${answer.body}`;
  for (const { client_secret: secret } of clients) {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      assert.ok(!whole.includes(form), "the answer contains a client secret");
    }
  }
}

function assertErrorShape(body: Readonly<Record<string, unknown>>): void {
  assert.match(String(body["error"] ?? ""), /^[a-z_]+$/);
  assert.equal(typeof body["error_description"], "string");
  assert.notEqual(body["error_description"], "");
}
