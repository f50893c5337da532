import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
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
