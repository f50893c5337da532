import assert from "node:assert/strict";
import type { TestService } from "@carnet/testkit/service";
import { type Answer, OpenApiAnswers } from "./openapi-answers.ts";

export interface AdminCall {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the token of the bootstrap admin. Null sends no token. */
  readonly token?: string | null;
  /** A body that is sent unchanged instead of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
}

export interface AdminAnswer extends Answer {
  /** The body as an object; of JSON Lines, an array. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The body as it came. */
  readonly text: string;
}

/** Calls the admin API of a service, and checks each response against its OpenAPI document. */
export class AdminApi {
  readonly openapi: OpenApiAnswers;
  /** Every operation and status seen so far, such as `POST /admin/v1/clients 201`. */
  readonly answered = new Set<string>();
  readonly service: TestService;
  readonly token: string;

  private constructor(service: TestService, openapi: OpenApiAnswers, token: string) {
    this.service = service;
    this.openapi = openapi;
    this.token = token;
  }

  static async of(service: TestService): Promise<AdminApi> {
    const document = Object(await (await fetch(`${service.url}/openapi.json`)).json());
    const { clientId, clientSecret } = service.server.bootstrapAdmin ?? assert.fail("there is no bootstrap admin");
    const token = await tokenOf(service, { clientId, clientSecret: clientSecret.reveal() });
    return new AdminApi(service, new OpenApiAnswers(closed(document)), token);
  }

  async call(method: string, path: string, { body, headers, token, raw }: AdminCall = {}): Promise<AdminAnswer> {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const response = await fetch(`${this.service.url}/admin/v1${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token ?? this.token}` }),
        ...(sent === undefined ? {} : { "content-type": type }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    const { status, headers: answered } = response;
    const isStream = answered.get("content-type")?.startsWith("application/jsonl");
    const bodies = isStream ? text.split("\n").filter((line) => line !== "") : [text];
    const answers = bodies.map((part) => ({
      ...{ status, headers: answered },
      body: part === "" ? undefined : JSON.parse(part),
    }));
    for (const answer of answers) this.#hold(method, path, answer);
    const whole: unknown = isStream ? answers.map((answer) => answer.body) : answers[0]?.body;
    return { status, headers: answered, body: whole, json: Object(whole), text };
  }

  /** Calls the API and asserts the status. */
  async expect(status: number, method: string, path: string, call: AdminCall = {}): Promise<AdminAnswer> {
    const answer = await this.call(method, path, call);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    return answer;
  }

  #hold(method: string, path: string, answer: Answer): void {
    const bare = `/admin/v1${path.replace(/\?.*$/s, "")}`;
    const declared = Object.entries(this.openapi.document.paths)
      .filter(([, operations]) => method.toLowerCase() in operations)
      .map(([candidate]) => candidate)
      .filter((candidate) => new RegExp(`^${candidate.replace(/\{\w+\}/g, "[^/]+")}$`).test(bare))
      .sort((left, right) => left.split("{").length - right.split("{").length)[0];
    assert.ok(declared, `${method} ${bare} is not described`);
    this.openapi.assertDeclared({ method, path: declared }, answer);
    this.answered.add(`${method} ${declared} ${answer.status}`);
  }
}

/** Requests a token, and asserts that there is one. */
export async function tokenOf(
  { url }: Pick<TestService, "url">,
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
): Promise<string> {
  const { status, json } = await askForToken(url, clientId, clientSecret);
  assert.equal(status, 200, JSON.stringify(json));
  return String(json["access_token"]);
}

/** Requests a token. Returns any response. */
export async function askForToken(url: string, clientId: string, clientSecret: string) {
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  });
  const response = await fetch(`${url}/oauth2/token`, { method: "POST", body });
  const json: Readonly<Record<string, unknown>> = Object(await response.json());
  return { status: response.status, headers: response.headers, json };
}

/** Forbids undocumented members in every object, so that a response with one fails. */
function closed<Part>(part: Part): Part {
  if (Array.isArray(part)) return part.map(closed) as Part;
  if (typeof part !== "object" || part === null) return part;
  const members = Object.entries(part).map(([name, member]) => [name, closed(member)]);
  const open = "properties" in part && !("additionalProperties" in part) && "type" in part && part.type === "object";
  return Object.fromEntries(open ? [...members, ["additionalProperties", false]] : members);
}
