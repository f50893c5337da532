import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { tokenOf } from "../support/admin-api.ts";
import { TeamsWorld, told } from "./support/teams-world.ts";

describe("what a team is told of clients and owners that are not its own", () => {
  let world: TeamsWorld;
  let as: TeamsWorld["as"];
  before(async () => {
    world = await TeamsWorld.start();
    ({ as } = world);
  });
  after(() => world[Symbol.asyncDispose]());

  it("gives the same answer for a foreign client as for none, in every operation that can name one", async () => {
    const id = Object((await as("carnet-admin", 200, "GET", "/clients/search-api")).json["secrets"])[0].secret_id;
    const tag = { "if-match": '"any"' };
    for (const [method, path, body] of [
      ["GET", "/clients/NAME"],
      ["PATCH", "/clients/NAME", { client_name: "Mine" }],
      ["PATCH", "/clients/NAME", { scope: "no:such" }],
      ["DELETE", "/clients/NAME"],
      ["POST", "/clients/NAME/disable"],
      ["POST", "/clients/NAME/enable"],
      ["GET", "/clients/NAME/secrets"],
      ["GET", `/clients/NAME/secrets/${id}`],
      ["POST", "/clients/NAME/secrets", {}],
      ["POST", "/clients/NAME/secrets/rotate", {}],
      ["DELETE", `/clients/NAME/secrets/${id}`],
      ["GET", "/clients/NAME/usage"],
    ] as const) {
      const answers = await Promise.all(
        ["search-api", "search-admin", "nobody"].map((name) =>
          as("pay-admin", 404, method, path.replace("NAME", name), {
            ...(body && { body }),
            ...(method !== "GET" && { headers: tag }),
          }),
        ),
      );
      const texts = new Set(answers.map((answer) => told(answer, ["search-api", "search-admin", "nobody"])));
      assert.equal(texts.size, 1, `${method} ${path}: ${[...texts].join("\n")}`);
    }
    for (const query of ["owner=NAME", "q=NAME", "label=of%3DNAME", "scope=NAME"]) {
      const answers = await Promise.all(
        ["search", "nobody"].map((name) => as("pay-admin", 200, "GET", `/clients?${query.replace("NAME", name)}`)),
      );
      assert.deepEqual(Object(answers[0]?.json["clients"]), [], query);
      assert.equal(told(answers[0] ?? assert.fail()), told(answers[1] ?? assert.fail()));
    }
    for (const parameter of ["client_id", "actor"]) {
      const answers = await Promise.all(
        ["search-api", "nobody"].map((name) => as("pay-auditor", 200, "GET", `/audit/events?${parameter}=${name}`)),
      );
      assert.equal(told(answers[0] ?? assert.fail()), told(answers[1] ?? assert.fail()), parameter);
      assert.deepEqual(answers[0]?.json["events"], []);
    }
  });

  it("gives the same answer for the tokens of a foreign client as for those of none", async () => {
    for (const body of [{}, { issued_before: "1h" }, { secret_id: "aaaaaaaaaaaaaaaa" }]) {
      const answers = await Promise.all(
        ["search-api", "search-admin", "nobody"].map((client_id) =>
          as("pay-admin", 404, "POST", "/revocations", { body: { client_id, ...body } }),
        ),
      );
      assert.equal(new Set(answers.map((answer) => told(answer))).size, 1, JSON.stringify(body));
    }
    const tokenOfNew = async (client_id: string) => {
      const { json } = await as("search-admin", 201, "POST", "/clients", { body: { client_id, owner: "search" } });
      return tokenOf(world.service, { clientId: client_id, clientSecret: String(json["client_secret"]) });
    };
    const [foreign, revoked, gone] = [
      await tokenOfNew("search-1"),
      await tokenOfNew("search-2"),
      await tokenOfNew("search-3"),
    ];
    await as("search-admin", 201, "POST", "/revocations", { body: { token: revoked } });
    await as("search-admin", 204, "DELETE", "/clients/search-3");
    const answers = [];
    for (const token of [foreign, revoked, gone, world.tokens.get("search-admin")])
      answers.push(told(await as("pay-admin", 404, "POST", "/revocations", { body: { token } })));
    assert.equal(new Set(answers).size, 1, answers.join("\n"));
  });

  it("lists the revocations of its own clients only", async () => {
    const own = { body: { client_id: "pay-api", issued_before: "1h" } };
    await as("pay-operator", 201, "POST", "/revocations", own);
    await as("search-admin", 201, "POST", "/revocations", { body: { client_id: "search-api", issued_before: "1h" } });
    await as("carnet-admin", 201, "POST", "/revocations", { body: { issued_before: "2026-01-01" } });
    const clientsIn = async (caller: string, query = "") =>
      Object((await as(caller, 200, "GET", `/revocations?limit=1000${query}`)).json["revocations"]).map(
        ({ client_id }: { client_id: string | null }) => client_id,
      );
    for (const caller of ["pay-admin", "pay-operator", "pay-auditor"])
      assert.deepEqual(await clientsIn(caller), ["pay-api"], caller);
    assert.ok((await clientsIn("carnet-admin")).includes(null));
    const [foreign, none] = await Promise.all(
      ["search-api", "nobody"].map((id) => as("pay-admin", 200, "GET", `/revocations?client_id=${id}`)),
    );
    assert.equal(told(foreign ?? assert.fail()), told(none ?? assert.fail()));
  });

  it("lists no revocation of a foreign client that had the id before", async () => {
    const reused = { client_id: "reused", owner: "search" };
    await as("search-admin", 201, "POST", "/clients", { body: reused });
    await as("search-admin", 204, "DELETE", "/clients/reused");
    await as("pay-admin", 201, "POST", "/clients", { body: { ...reused, owner: "payments" } });
    const { json } = await as("pay-admin", 200, "GET", "/revocations?client_id=reused");
    assert.deepEqual(json["revocations"], []);
  });

  it("lets no auditor revoke, and no team revoke the tokens of all clients", async () => {
    for (const [caller, body] of [
      ["pay-auditor", { client_id: "pay-api" }],
      ["pay-auditor", { client_id: "search-api" }],
      ["pay-auditor", { token: "x" }],
      ["pay-operator", { issued_before: "1h" }],
      ["pay-admin", { issued_before: "1h" }],
    ] as const) {
      const { json, requestId } = await as(caller, 403, "POST", "/revocations", { body });
      assert.equal(json["type"], "urn:carnet:problem:insufficient_role");
      assert.equal(world.eventOf(requestId).event, "admin_refused");
    }
  });

  it("answers a change to a foreign owner like one to an owner that does not exist", async () => {
    for (const [method, path, body] of [
      ["POST", "/clients", { client_id: "newcomer" }],
      ["PATCH", "/clients/pay-api", {}],
    ] as const) {
      const [foreign, none] = await Promise.all(
        ["search", "nobody"].map((owner) => as("pay-admin", 422, method, path, { body: { ...body, owner } })),
      );
      assert.equal(told(foreign ?? assert.fail(), ["search"]), told(none ?? assert.fail(), ["nobody"]));
    }
  });

  it("does not say whose a taken client id is", async () => {
    const answers = await Promise.all(
      ["pay-api", "search-api"].map((client_id) =>
        as("pay-admin", 409, "POST", "/clients", { body: { client_id, owner: "payments" } }),
      ),
    );
    assert.equal(told(answers[0] ?? assert.fail()), told(answers[1] ?? assert.fail()));
  });
});
