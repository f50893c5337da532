import assert from "node:assert/strict";
import type { RefusalReason } from "@carnet/core/token/refusal-reason";
import { sendBytes } from "@carnet/testkit/raw-http";
import type { TestService } from "@carnet/testkit/service";
import { type AdminApi, tokenOf } from "./admin-api.ts";

/** Requests that are refused for each reason, and the explanations that they get. All of them plant the secret. */

export const secret = "planted:secret/0123456789+%";
export const encoded = encodeURIComponent(secret);
const form = "application/x-www-form-urlencoded";

interface Sent {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without a Content-Type it is sent as a form. */
  readonly body?: string;
}

const grant = "grant_type=client_credentials";
export const credentials = (clientId: string, clientSecret: string = encoded): string =>
  `${grant}&client_id=${encodeURIComponent(clientId)}&client_secret=${clientSecret}`;
const basic = (text: string, body = grant): Sent => ({ headers: { Authorization: `Basic ${btoa(text)}` }, body });

/** Nothing can explain these later but the log, or another service: this one is stopping, or has no store or journal. */
type Unexplained = "draining" | "store_unavailable" | "journal_unavailable" | "fault";

interface RefusedRequest {
  readonly sent: Sent | ((world: World) => Promise<Sent>);
  /** Absent: the detail that was recorded. */
  readonly why?: RegExp;
}

export interface World {
  readonly service: TestService;
  readonly api: AdminApi;
  /** A generated secret of the client `generated`. */
  readonly generated: string;
  admin(status: number, method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
}

export const refusedRequests: Readonly<Record<Exclude<RefusalReason, Unexplained>, RefusedRequest>> = {
  bad_http: { sent: { headers: { Host: "again" }, body: grant } },
  bad_transfer_coding: { sent: { headers: { "Transfer-Encoding": "gzip, chunked" }, body: "0\r\n\r\n" } },
  body_too_large: { sent: { body: "x".repeat(70_000) } },
  path_sunset: { sent: { path: "/iam/v1/oauth2/token", body: credentials("demo") } },
  bad_version: { sent: { headers: { "X-Version": "yesterday" }, body: credentials("demo") } },
  credentials_in_query: { sent: { path: `/oauth2/token?client_secret=${encoded}`, body: grant } },
  token_in_query: { sent: { path: `/oauth2/introspect?token=${encoded}`, body: credentials("demo") } },
  empty_body: { sent: {} },
  bad_content_type: { sent: { headers: { "Content-Type": "text/plain" }, body: credentials("demo") } },
  not_ascii: { sent: { headers: { "Content-Type": `${form}; charset=ISO-8859-1` }, body: credentials("demo", "%e9") } },
  not_utf8: { sent: { body: `${grant}&client_secret=\xe9` } },
  bad_json: { sent: { headers: { "Content-Type": "application/json" }, body: `{"client_secret":"${secret}"` } },
  json_as_form: { sent: { body: `{"client_secret":"${secret}"}` } },
  bad_form: { sent: { body: `${grant}&client_secret=${secret}%` } },
  repeated_parameter: { sent: { body: `${grant}&client_secret=${encoded}&client_secret=${encoded}` } },
  not_a_string: {
    sent: { headers: { "Content-Type": "application/json" }, body: `{"client_id":1,"client_secret":"${secret}"}` },
  },
  no_grant_type: { sent: { body: `client_secret=${encoded}` } },
  other_grant_type: { sent: { body: `grant_type=${encoded}` } },
  no_token: { sent: { path: "/oauth2/introspect", body: credentials("demo") } },
  two_authorization_headers: {
    sent: { headers: { Authorization: "Basic eA==", authorization: "Basic eA==" }, body: grant },
  },
  two_auth_methods: { sent: basic(`demo:${encoded}`, credentials("demo")) },
  two_client_ids: { sent: basic(`demo:${encoded}`, `${grant}&client_id=other`) },
  no_credentials: { sent: { body: grant } },
  no_client_id: { sent: { body: `${grant}&client_secret=${encoded}` } },
  no_client_secret: { sent: { body: `${grant}&client_id=demo` } },
  bearer_instead_of_credentials: { sent: { headers: { Authorization: `Bearer ${secret}` }, body: grant } },
  other_auth_scheme: { sent: { headers: { Authorization: `Digest ${secret}` }, body: grant } },
  basic_malformed: { sent: { headers: { Authorization: `Basic ${secret}` }, body: grant } },
  credentials_encoded_twice: {
    sent: basic(`demo:${encodeURIComponent(encoded)}`),
    why: /^the Basic credentials were percent-encoded twice$/,
  },
  credentials_padded: { sent: basic(`demo:${secret}\n`) },
  id_and_secret_swapped: { sent: { body: credentials(secret, "demo") } },
  secret_mistyped: {
    sent: async ({ generated }) => ({
      body: credentials("generated", generated.slice(0, -1) + (generated.endsWith("0") ? "1" : "0")),
    }),
    why: /^the secret was mistyped: its checksum is wrong; the client generated exists and has 1 live secret$/,
  },
  secret_incomplete: {
    sent: async ({ generated }) => ({ body: credentials("generated", generated.slice(0, -5)) }),
    why: /^the secret is cut off, or something was added to it; the client generated exists and has 1 live secret$/,
  },
  unknown_credentials: {
    sent: { body: credentials("demo", "wrong") },
    why: /^the client demo exists; none of its 2 live secrets matches$/,
  },
  secret_pending: {
    sent: { body: credentials("pending") },
    why: /^the secret matches one that is not valid before 2026-12-01T00:00:00\.000Z$/,
  },
  secret_expired: {
    sent: { body: credentials("expired-secret") },
    why: /^the secret matches one that expired 1 day ago; this end was set 2 days ago by ops-admin$/,
  },
  secret_idle: {
    sent: { body: credentials("idle") },
    why: /^the secret matches one that ended 1 day ago, because it was not used for long enough; this end was set 2 days ago by ops-admin$/,
  },
  secret_revoked: {
    sent: { body: credentials("revoked") },
    why: /^the secret matches one that was revoked 2 days ago by ops-admin$/,
  },
  secret_unsupported: { sent: { body: credentials("slow-hash") } },
  client_disabled: {
    sent: { body: credentials("disabled") },
    why: /^the secret is right, but the client was disabled 2 days ago by ops-admin$/,
  },
  client_expired: {
    sent: { body: credentials("expired") },
    why: /^the secret is right, but the client expired 1 day ago; this end was set 2 days ago by ops-admin$/,
  },
  token_revoked: {
    sent: async ({ service, admin }) => {
      const token = await tokenOf(service, { clientId: "demo", clientSecret: secret });
      await admin(201, "POST", "/revocations", { token });
      return { headers: { Authorization: `Bearer ${token}` } };
    },
    why: /^the Bearer token is right, but it was revoked less than a minute ago by ops-admin$/,
  },
  client_replaced: {
    sent: async ({ service, admin }) => {
      const token = await tokenOf(service, { clientId: "replaced", clientSecret: secret });
      await admin(204, "DELETE", "/clients/replaced");
      return { headers: { Authorization: `Bearer ${token}` } };
    },
    why: /^the Bearer token is right, but its client was deleted less than a minute ago by ops-admin$/,
  },
  cut_off: {
    sent: async ({ admin, service }) => {
      const { clientId: client_id, clientSecret } = await service.register({ client_id: "cut-off" });
      await admin(201, "POST", "/revocations", { client_id, issued_before: "2026-11-23T12:00:00Z" });
      return { body: credentials(client_id, clientSecret) };
    },
  },
  address_not_allowed: {
    sent: { body: credentials("elsewhere") },
    why: /^address 127\.0\.0\.1 is not in the allow list \(203\.0\.113\.0\/24\); it was set 2 days ago by ops-admin$/,
  },
  token_invalid: { sent: { headers: { Authorization: "Bearer x.y.z" } } },
  auth_method_not_allowed: {
    sent: { body: credentials("basic-only") },
    why: /^the client authenticated by client_secret_post, but may only use client_secret_basic$/,
  },
  token_of_another_client: {
    sent: async ({ service, generated }) => {
      const token = await tokenOf(service, { clientId: "generated", clientSecret: generated });
      return { path: "/oauth2/revoke", body: `${credentials("demo")}&token=${token}` };
    },
  },
  scope_malformed: { sent: { body: `${credentials("demo")}&scope=%22${encoded}` } },
  scope_not_granted: {
    sent: { body: `${credentials("demo")}&scope=graph:read+${encoded}` },
    why: /^asked for graph:read and 1 unknown scope; registered: file:read file:write$/,
  },
};

/** Sends a token request byte by byte, because some of them no HTTP client sends. */
export async function send(url: string, requestId: string, { path = "/oauth2/token", headers = {}, body = "" }: Sent) {
  const defaults = {
    Host: "localhost",
    Connection: "close",
    "X-Request-ID": requestId,
    ...(body === "" ? {} : { "Content-Type": form }),
    ...("Transfer-Encoding" in headers ? {} : { "Content-Length": String(body.length) }),
  };
  const { Host, ...more } = headers;
  const all = [...Object.entries({ ...defaults, ...more }), ...(Host === undefined ? [] : [["Host", Host]])];
  const head = all.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const answer = await sendBytes(url, Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n${body}`, "latin1"));
  assert.match(answer, /^HTTP\/1\.1 (200|4\d\d|503) /, answer);
}
