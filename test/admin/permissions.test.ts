// Every admin operation, called by every role for every kind of target, over HTTP.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import type { Operation } from "@carnet/server/http/admin/operation";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { type AdminAnswer, AdminApi, type AdminCall, tokenOf } from "../support/admin-api.ts";
import { addOwner } from "./support/add-owner.ts";
import {
  type CallerName,
  callers,
  permissionTable,
  type Row,
  type Target,
  targets,
} from "./support/permission-table.ts";

describe("the permission of each admin operation", () => {
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let api: AdminApi;
  let count = 0;
  before(async () => {
    service = cleanup.use(await startTestService({ settings: { scopeCatalogue: "closed" } }));
    api = await AdminApi.of(service);
    for (const name of ["payments", "search"]) addOwner(service, name);
  });
  after(() => cleanup.disposeAsync());

  it("is expected by a row of the table, and each row is of an operation", () => {
    const operations = adminOperations.map(({ operationId }) => operationId);
    assert.deepEqual(Object.keys(permissionTable).sort(), operations.sort());
  });

  for (const operation of adminOperations) {
    it(`${operation.operationId} is as the table says`, async () => {
      const row = permissionTable[operation.operationId] ?? assert.fail("the operation has no row in the table");
      const found: Record<string, string> = {};
      for (const caller of Object.keys(callers) as CallerName[])
        found[caller] = await lettersOf(operation, row, caller);
      assert.deepEqual(found, { ...found, ...row.cells });
    });
  }

  /** Calls an operation for every target, and returns a letter for each answer. */
  async function lettersOf(operation: Operation, row: Row, callerName: CallerName): Promise<string> {
    const caller = await register({ client_name: callerName, ...callers[callerName] });
    const token = await tokenOf(service, caller);
    const higher = await register({ role: "admin" });
    const own = await register({ owner: "payments" });
    const other = await register({ owner: "search" });
    const ids = { own, other, none: undefined, self: caller, higher } as const;
    const letters: string[] = [];
    const answers = new Map<string, AdminAnswer>();
    // The answer for no such object is first, to compare the others with it. Itself is last, because it may not remain
    for (const name of ["none", "own", "other", "higher", "self"] as const) {
      if (operation.tag === "Keys") await revokeUpcoming();
      const named = operation.path.includes(":kid") && name !== "none" ? await newKey() : "no-such-key";
      const target = { ...(await targetOf(name, ids[name]?.clientId)), keyId: named };
      if (operation.operationId === "explainRequest" && name !== "none") await leaveEvent(target, token);
      if (operation.operationId === "listRevocations" && name !== "none") await revokeTokens(target);
      if (operation.operationId === "deleteScope" && name !== "none") await putScope(target.scope);
      const before = await stored(target.clientId);
      const answer = await api.call(operation.method, ...callOf(operation, row, { target, token }));
      answers.set(name, answer);
      const letter = letterOf(answer, { operation, finds: row.finds?.(target) });
      letters[targets.indexOf(name)] = letter;
      const context = `${operation.operationId} by ${callerName} for ${name}: ${JSON.stringify(answer.body)}`;
      if (letter !== "+") assert.deepEqual(await stored(target.clientId), before, context);
      const hides = "-eu".includes(letter) && (name === "other" || name === "higher");
      if (hides) assert.deepEqual(bytesOf(answer), bytesOf(answers.get("none")), context);
    }
    return letters.join("");
  }

  const register = (registration: Parameters<TestService["register"]>[0]) =>
    service.register({ client_id: `client-${count++}`, ...registration });

  /** Without the last use, which the service stores some seconds later. */
  const stored = async (clientId: string) =>
    JSON.stringify(await service.server.registry.store.find(clientId as never), (name, value) =>
      name === "lastUse" ? undefined : value,
    ) ?? "";

  async function targetOf(name: Target["name"], clientId = "no-such-client"): Promise<Omit<Target, "keyId">> {
    const client = await service.server.registry.store.find(clientId as never);
    return {
      ...{
        name,
        clientId,
        unique: `unique-${`${count++}`.padStart(6, "0")}`,
        requestId: `request-${count++}`,
        scope: `scope:${count++}`,
      },
      secretId: client?.secrets[0]?.secretId ?? "aaaaaaaaaaaaaaaa",
      owner: client?.owner ?? "no-such-owner",
    };
  }

  const putScope = (name: string) =>
    api.expect(200, "PUT", `/scopes/${name}`, { body: { description: "To be deleted" } });

  /** An upcoming key, which nobody misses. */
  const newKey = async (): Promise<string> =>
    Object((await api.expect(200, "POST", "/keys/rotate", { body: {} })).json["key"]).kid;

  /** Retired keys stay published, and only ten may be. */
  async function revokeUpcoming(): Promise<void> {
    const { json } = await api.expect(200, "GET", "/keys");
    const keys: { readonly kid: string; readonly state: string }[] = Object(json["keys"]);
    for (const { kid } of keys.filter(({ state }) => state === "upcoming"))
      await api.expect(200, "POST", `/keys/${kid}/revoke`);
  }

  /** Hits no token, because the client has none that old. */
  const revokeTokens = ({ clientId: client_id }: Target) =>
    api.expect(201, "POST", "/revocations", { body: { client_id, issued_before: "1h" } });

  /** An event about the target, or of the caller itself, under the request id. */
  async function leaveEvent({ name, clientId, requestId }: Target, token: string): Promise<void> {
    const headers = { "x-request-id": requestId };
    if (name === "self") await api.call("PUT", "/scopes/own:call", { token, headers, body: { description: "Mine" } });
    else await api.expect(200, "PATCH", `/clients/${clientId}`, { headers, body: { client_name: requestId } });
  }
});

function callOf(
  { path }: Operation,
  { query, body }: Row,
  { target, token }: { readonly target: Target; readonly token: string },
): [path: string, call: AdminCall] {
  const filled = path
    .replace(":client_id", target.clientId)
    .replace(":secret_id", target.secretId)
    .replace(":owner", target.owner)
    .replace(":kid", target.keyId)
    .replace(":name", target.scope);
  // One id for all calls, so that answers can be compared
  const call = { token, headers: { "x-request-id": "the-call" }, ...(body && { body: body(target) }) };
  return [query === undefined ? filled : `${filled}?${query(target)}`, call];
}

const letters: Readonly<Record<string, string>> = {
  insufficient_role: "r",
  not_found: "-",
  taken: "t",
  in_use: "i",
  rotation_in_progress: "p",
};

function letterOf(
  { status, json, text }: AdminAnswer,
  { operation, finds = "" }: { readonly operation: Operation; readonly finds: string | undefined },
): string {
  if (status !== operation.success.status) {
    const kind = String(json["type"]).replace("urn:carnet:problem:", "");
    const isOwner = kind === "invalid" && Object(json["errors"])[0].pointer === "/owner";
    return isOwner ? "u" : (letters[kind] ?? `(${status} ${kind})`);
  }
  const [refused] = Object(json["failed"] ?? []); // an import answers 200 when it has refused a client
  return refused === undefined ? (text.includes(finds) ? "+" : "e") : letterOfImport(refused);
}

function letterOfImport({ problem, errors }: { readonly problem: string; readonly errors: readonly object[] }): string {
  if (Object(errors[0]).pointer === "/owner") return "u";
  if (/ an admin client/.test(problem)) return "r";
  return /already registered/.test(problem) ? "t" : `(${problem})`;
}

/** All that an answer tells. */
const bytesOf = (answer: AdminAnswer | undefined) => ({
  ...{ status: answer?.status, text: answer?.text.replace(/unique-\d+/g, "unique") },
  headers: [...(answer?.headers ?? [])].filter(([name]) => name !== "date"),
});
