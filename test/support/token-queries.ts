import assert from "node:assert/strict";
import type { TestService } from "@carnet/testkit/service";

/** Requests to introspect and revoke tokens. */

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export const basic = ({ clientId, clientSecret }: ClientCredentials): string =>
  `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`;

export interface Query {
  readonly path: "/oauth2/introspect" | "/oauth2/revoke";
  /** Without one, no credentials are sent. */
  readonly client?: ClientCredentials;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Replaces the parameters. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a form with the credentials in Basic. */
export async function query({ url }: Pick<TestService, "url">, { path, client, parameters, body, headers }: Query) {
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      ...(client === undefined ? {} : { Authorization: basic(client) }),
      ...headers,
    },
    body: body ?? new URLSearchParams(parameters).toString(),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const json: Readonly<Record<string, unknown>> = isJson ? Object(JSON.parse(text)) : {};
  return { status: response.status, headers: response.headers, text, json };
}

/** Introspects a token, and returns the JSON answer. */
export async function introspect(service: Pick<TestService, "url">, client: ClientCredentials, token: string) {
  const answer = await query(service, { path: "/oauth2/introspect", client, parameters: { token } });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** Revokes a token, and asserts that it was answered with 200. */
export async function revoke(service: Pick<TestService, "url">, client: ClientCredentials, token: string) {
  const answer = await query(service, { path: "/oauth2/revoke", client, parameters: { token } });
  assert.equal(answer.status, 200, answer.text);
}

export const inactive = { active: false };
