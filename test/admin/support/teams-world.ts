import assert from "node:assert/strict";
import { defaultPolicy } from "@carnet/core/owner/owner";
import { openPolicy } from "@carnet/testkit/memory-owner-store";
import { withEvent } from "@carnet/testkit/sample-events";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { type AdminAnswer, AdminApi, type AdminCall, tokenOf } from "../../support/admin-api.ts";

export interface Found {
  readonly event: string;
  readonly request_id: string | null;
  readonly objects?: readonly { readonly client_id?: string; readonly owner?: string }[];
  readonly [name: string]: unknown;
}

const admins = [
  ["pay-admin", "admin", ["payments"]],
  ["pay-operator", "operator", ["payments"]],
  ["pay-auditor", "auditor", ["payments"]],
  ["search-admin", "admin", ["search"]],
  ["both-admin", "admin", ["payments", "search"]],
] as const;

/** A service with two teams, `payments` and `search`, their admins, and a client of each: `pay-api` and `search-api`. */
export class TeamsWorld implements AsyncDisposable {
  readonly service: TestService;
  readonly api: AdminApi;
  /** By the id of the admin client. Others call as the platform admin. */
  readonly tokens = new Map<string, string>();
  #calls = 0;

  private constructor(service: TestService, api: AdminApi) {
    this.service = service;
    this.api = api;
  }

  static async start(): Promise<TeamsWorld> {
    const service = await startTestService();
    const world = new TeamsWorld(service, await AdminApi.of(service));
    const of = { description: null, createdAt: 0, updatedAt: 0, version: 1 };
    for (const [name, policy] of [
      ["payments", { ...openPolicy, scopes: ["pay:read"] }],
      ["search", defaultPolicy],
    ] as const)
      await service.server.registry.owners.insert({ ...of, name, contact: `#${name}`, policy }, withEvent());
    for (const name of ["pay:read", "search:read"])
      await world.as("carnet-admin", 200, "PUT", `/scopes/${name}`, { body: { description: name } });
    for (const [client_id, role, role_owners] of admins) {
      const { json } = await world.as("carnet-admin", 201, "POST", "/clients", {
        body: { client_id, role, role_owners },
      });
      const clientSecret = String(json["client_secret"]);
      world.tokens.set(client_id, await tokenOf(service, { clientId: client_id, clientSecret }));
    }
    await world.as("pay-admin", 201, "POST", "/clients", { body: { client_id: "pay-api", owner: "payments" } });
    await world.as("search-admin", 201, "POST", "/clients", { body: { client_id: "search-api", owner: "search" } });
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
  }

  /** Calls as an admin client. Returns the answer and the id of the request. */
  readonly as = async (caller: string, status: number, ...[method, path, call = {}]: CallOf) => {
    const requestId = `teams-${++this.#calls}`;
    const headers = { "x-request-id": requestId, ...call.headers };
    const token = this.tokens.get(caller) ?? this.api.token;
    return { ...(await this.api.expect(status, method, path, { ...call, headers, token })), requestId };
  };

  /** The one event of a request in the journal. */
  readonly eventOf = (requestId: string): Found => {
    const found = this.service.journal().filter(({ request_id }) => request_id === requestId);
    assert.equal(found.length, 1, `${requestId}: ${JSON.stringify(found)}`);
    return Object(found[0]);
  };

  readonly search = async (caller: string, query = ""): Promise<readonly Found[]> =>
    Object((await this.as(caller, 200, "GET", `/audit/events?limit=1000${query}`)).json["events"]);

  readonly seesRequest = async (caller: string, { requestId }: { readonly requestId: string }): Promise<boolean> =>
    (await this.search(caller, `&request_id=${requestId}`)).length === 1;
}

type CallOf = readonly [method: string, path: string, call?: AdminCall];

/** What a caller can tell from an answer, besides the time. */
export const told = ({ status, json }: AdminAnswer, names: readonly string[] = []): string => {
  const { request_id, ...body } = json;
  return names.reduce((text, name) => text.replaceAll(name, "NAME"), JSON.stringify([status, body]));
};
