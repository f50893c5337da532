import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import { buildApp } from "@carnet/server/http/app";
import { JournalUnavailable } from "@carnet/server/journal/journal";
import { createLog, type Log } from "@carnet/server/log/logger";
import { answerOf } from "@carnet/testkit/answer-of";
import { httpPortsOf } from "@carnet/testkit/http-ports";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { eventQuery } from "@carnet/testkit/sample-events";
import { startTestService } from "@carnet/testkit/service";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";
import { AdminApi } from "../support/admin-api.ts";

const calls = adminOperations.map(({ operationId, method, path }) => ({
  operationId,
  method,
  path: path.replaceAll(/:\w+/g, "x"),
}));

/** The routes with a journal that can break, and calls with an admin token. */
async function appWithJournal() {
  let isBroken = false;
  const record = () => {
    if (isBroken) throw new JournalUnavailable();
  };
  const endpoint = new TestEndpoint({ recorder: { record } });
  const scope = "carnet:clients:read carnet:clients:write";
  const { generatedSecret } = await endpoint.register({ client_id: "admin", role: "admin", scope });
  const issued = await endpoint.post({ client_id: "admin", client_secret: generatedSecret?.reveal() ?? "" });
  const lines: string[] = [];
  const app = appWith(endpoint, createLog("info", { write: (line: string) => void lines.push(line) }));
  const headers = { authorization: `Bearer ${issued.body["access_token"]}`, "content-type": "application/json" };
  return {
    ...{ endpoint, lines },
    breakJournal: () => {
      isBroken = true;
    },
    call: (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: object) =>
      answerOf(app, { method, url: `/admin/v1${path}`, headers, ...(body && { payload: JSON.stringify(body) }) }),
  };
}

const appWith = (endpoint: TestEndpoint, log: Log, isDraining = false) =>
  buildApp(httpPortsOf(endpoint, { log, isDraining: () => isDraining }));

describe("the admin API, when something fails", () => {
  it("reports its own fault in each operation as a 500 problem without the error message", async () => {
    let broken = false;
    const clock = {
      now: () => {
        if (broken) throw new Error("planted-fault-0123456789");
        return Date.now();
      },
    };
    await using service = await startTestService({ clock });
    const api = await AdminApi.of(service);
    broken = true;
    for (const { method, path } of calls) {
      const { json } = await api.expect(500, method, path, { headers: { "x-request-id": "the-fault" } });
      assert.deepEqual([json["type"], json["request_id"]], ["urn:carnet:problem:fault", "the-fault"]);
      assert.ok(!JSON.stringify(json).includes("planted"));
    }
    const lines = service.log.filter((line) => line.includes("the-fault"));
    assert.equal(lines.filter((line) => line.includes("request_failed")).length, calls.length);
    assert.ok(!lines.join("").includes("planted"));
    broken = false; // stopping the service needs the clock too
  });

  it("refuses a change with 503 and Retry-After while another process locks the store, and accepts it afterwards", async () => {
    await using service = await startTestService({ settings: { storeTimeout: "50" } });
    const api = await AdminApi.of(service);
    using other = new DatabaseSync(join(service.folder, "carnet.db"));
    other.exec("begin immediate");
    const refused = await api.expect(503, "POST", "/clients", { body: { client_id: "later" } });
    assert.equal(refused.json["type"], "urn:carnet:problem:unavailable");
    assert.match(String(refused.headers.get("retry-after")), /^[1-9]\d*$/);
    await api.expect(404, "GET", "/clients/later");
    other.exec("rollback");
    await api.expect(201, "POST", "/clients", { body: { client_id: "later" } });
  });

  it("refuses each operation with 503 and Retry-After while the service is draining", async () => {
    await using app = appWith(new TestEndpoint(), createLog("silent", { write: () => {} }), true);
    for (const { method, path, operationId } of calls) {
      const answer = await answerOf(app, { method, url: `/admin/v1${path}` });
      assert.equal(answer.statusCode, 503, operationId);
      assert.equal(answer.json().type, "urn:carnet:problem:unavailable");
      assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/);
      assert.equal(answer.headers["connection"], "close");
    }
  });

  it("confirms a change that is stored but not in the journal, and reports the fault", async () => {
    const { call, endpoint, lines, breakJournal } = await appWithJournal();
    breakJournal();
    assert.equal((await call("POST", "/clients", { client_id: "made" })).statusCode, 201);
    assert.ok(await endpoint.store.find(clientIdOf("made")));
    const [stored] = await endpoint.storedEvents.search(eventQuery({ clientId: "made" }));
    assert.equal(stored?.event, "client_created");
    const faults = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "event_not_in_journal");
    assert.deepEqual(
      faults.map(({ eventId }) => eventId),
      [stored?.id],
    );
  });

  it("answers no refusal and no unchanged call that is not in the journal", async () => {
    const { call, breakJournal } = await appWithJournal();
    assert.equal((await call("POST", "/clients", { client_id: "there" })).statusCode, 201);
    breakJournal();
    for (const [method, path, body] of [
      ["DELETE", "/clients/nobody"],
      ["PATCH", "/clients/there", {}],
    ] as const) {
      const answer = await call(method, path, body);
      assert.equal(answer.statusCode, 503, path);
      assert.match(String(answer.headers["retry-after"]), /^[1-9]/);
    }
    assert.equal((await call("GET", "/clients/there")).statusCode, 200);
  });

  it("refuses malformed escapes in a path with a problem document, and goes on serving", async () => {
    await using service = await startTestService();
    const api = await AdminApi.of(service);
    for (const path of ["/clients/%", "/clients/%zz", "/clients/%ff"]) {
      const response = await fetch(`${service.url}/admin/v1${path}`, {
        headers: { authorization: `Bearer ${api.token}` },
      });
      assert.ok([400, 404].includes(response.status), `${path} ${response.status}`);
      assert.equal(response.headers.get("content-type"), "application/problem+json;charset=UTF-8");
    }
    await api.expect(200, "GET", "/clients");
  });
});
