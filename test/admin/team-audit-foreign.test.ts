import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { TestService } from "@carnet/testkit/service";
import { tokenOf } from "../support/admin-api.ts";
import { TeamsWorld } from "./support/teams-world.ts";

describe("what the audit trail of a team leaves out", () => {
  let world: TeamsWorld;
  let as: TeamsWorld["as"];
  let search: TeamsWorld["search"];
  let seesRequest: TeamsWorld["seesRequest"];
  let service: TestService;
  before(async () => {
    world = await TeamsWorld.start();
    ({ as, search, seesRequest, service } = world);
  });
  after(() => world[Symbol.asyncDispose]());

  it("does not show the team `default` whose tokens were revoked, if that was an admin client", async () => {
    const make = async (client_id: string, role: string, role_owners: readonly string[]) => {
      const { json } = await as("carnet-admin", 201, "POST", "/clients", { body: { client_id, role, role_owners } });
      const token = await tokenOf(service, { clientId: client_id, clientSecret: String(json["client_secret"]) });
      world.tokens.set(client_id, token);
      return token;
    };
    await make("default-auditor", "auditor", ["default"]);
    const token = await make("revoked-admin", "auditor", ["payments"]);
    const one = await as("carnet-admin", 201, "POST", "/revocations", { body: { token } });
    const early = { client_id: "revoked-admin", issued_before: "1h" };
    const before = await as("carnet-admin", 201, "POST", "/revocations", { body: early });
    await as("carnet-admin", 204, "DELETE", "/clients/revoked-admin");
    for (const request of [one, before]) assert.equal(await seesRequest("default-auditor", request), false);
  });

  it("does not show an admin client the calls of an earlier one with its id", async () => {
    const make = async (body: object) => {
      const { json } = await as("carnet-admin", 201, "POST", "/clients", { body: { client_id: "namesake", ...body } });
      const clientSecret = String(json["client_secret"]);
      world.tokens.set("namesake", await tokenOf(service, { clientId: "namesake", clientSecret }));
    };
    await make({ role: "admin" });
    const earlier = await as("namesake", 200, "PATCH", "/clients/search-api", { body: { client_name: "Found" } });
    await as("carnet-admin", 204, "DELETE", "/clients/namesake");
    await make({ role: "auditor", role_owners: ["payments"] });
    assert.equal(await seesRequest("namesake", earlier), false);
    const own = await as("namesake", 403, "POST", "/clients/pay-api/enable");
    assert.equal(await seesRequest("namesake", own), true);
  });

  it("tells a team nothing about what an import of another admin refused", async () => {
    const secret = { value: "imported-secret-of-20-characters" };
    const imported = await as("both-admin", 200, "POST", "/clients/import", {
      body: {
        clients: [
          { client_id: "pay-imported", owner: "payments", secret },
          { client_id: "search-imported", owner: "search", scope: "carnet:introspect", secret },
        ],
      },
    });
    assert.equal(imported.json["imported"], 1);
    const refusedIn = async (caller: string) =>
      (await search(caller, `&request_id=${imported.requestId}`)).map(({ refused }) => refused);
    assert.deepEqual(await refusedIn("pay-auditor"), [undefined]);
    assert.equal(Object((await refusedIn("both-admin"))[0]).length, 1);
  });
});
