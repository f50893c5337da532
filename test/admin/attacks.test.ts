// What an admin of a team could do before there were roles: each of the attacks is refused and audited.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { AdminApi, tokenOf } from "../support/admin-api.ts";
import { addOwner } from "./support/add-owner.ts";

describe("the admin of a team", () => {
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let api: AdminApi;
  let attacker: { readonly clientId: string; readonly clientSecret: string };
  let token: string;
  before(async () => {
    service = cleanup.use(await startTestService());
    api = await AdminApi.of(service);
    for (const name of ["payments", "search"]) addOwner(service, name);
    await service.register({ client_id: "indexer", owner: "search", scope: "file:read", labels: { applied: "1" } });
    attacker = await service.register({ client_id: "payments-admin", role: "admin", role_owners: ["payments"] });
    token = await tokenOf(service, attacker);
  });
  after(() => cleanup.disposeAsync());

  const everything = async (): Promise<string> =>
    JSON.stringify((await api.expect(200, "GET", "/clients?limit=1000")).json["clients"], (name, value) =>
      name.startsWith("last_used") ? undefined : value,
    );

  /** Asserts that an attack changes nothing and leaves the event of a refusal, with the rule or the reason. */
  async function assertRefused(rule: string, operation: string, attack: () => Promise<unknown>): Promise<void> {
    const before = await everything();
    const known = service.journal().length;
    await attack();
    assert.equal(await everything(), before);
    const refused = service
      .journal()
      .slice(known)
      .filter(({ event }) => event === "admin_refused");
    assert.deepEqual(
      refused.map((event) => [Object(event.actor)["client_id"], event["operation"], event["rule"] ?? event["reason"]]),
      [["payments-admin", operation, rule]],
    );
  }

  const call = (status: number, method: string, path: string, body?: object) =>
    api.expect(status, method, path, { token, ...(body && { body }) });

  async function apply(text: string) {
    const file = join(service.folder, "clients.yaml");
    await writeFile(file, text);
    const env = {
      CARNET_SERVER_URL: service.url,
      CARNET_ADMIN_CLIENT_ID: attacker.clientId,
      CARNET_ADMIN_CLIENT_SECRET: attacker.clientSecret,
    };
    return runCarnet(["apply", "-f", file, "--yes"], { env, cwd: service.folder });
  }

  describe("cannot disable the client of another team", () => {
    it("over HTTP", () =>
      assertRefused("foreign_owner", "disableClient", () => call(404, "POST", "/clients/indexer/disable")));

    it("by a change of its status", () =>
      assertRefused("foreign_owner", "changeClient", () =>
        call(404, "PATCH", "/clients/indexer", { status: "disabled" }),
      ));

    it("with a file of that team that leaves the client out", async () => {
      const before = await everything();
      const { code, stderr } = await apply("owner: search\nclients: []\n");
      assert.deepEqual([code, await everything()], [1, before]);
      assert.match(stderr, /search/);
      assert.doesNotMatch(stderr, /indexer/);
    });

    it("with a file of its own team that names the client", () =>
      assertRefused("taken", "createClient", async () => {
        const { code, stderr } = await apply(
          "owner: payments\nclients:\n  - client_id: indexer\n    status: disabled\n",
        );
        assert.equal(code, 1);
        assert.doesNotMatch(stderr, /search/);
      }));
  });

  describe("cannot make a second admin", () => {
    it("of a new client", () =>
      assertRefused("admin_client", "createClient", () => call(403, "POST", "/clients", { role: "admin" })));

    it("of itself, over all owners", () =>
      assertRefused("admin_client", "changeClient", () =>
        call(403, "PATCH", "/clients/payments-admin", { role_owners: null }),
      ));

    it("of a client of its team", async () => {
      await call(201, "POST", "/clients", { client_id: "payments-app", owner: "payments" });
      await assertRefused("admin_client", "changeClient", () =>
        call(403, "PATCH", "/clients/payments-app", { role: "admin" }),
      );
    });

    it("with a file that asks for the audience and the scopes of the admin API", async () => {
      const before = await everything();
      const { code } = await apply(
        "owner: payments\nclients:\n  - client_id: second\n    audience: urn:carnet:admin\n    scope: carnet:clients:write\n",
      );
      assert.deepEqual([code, await everything()], [1, before]);
      assert.equal(service.journal().at(-1)?.["operation"], "createClient");
    });
  });

  it("cannot rotate the secret of the platform admin", () =>
    assertRefused("foreign_owner", "rotateSecrets", () =>
      call(404, "POST", "/clients/carnet-admin/secrets/rotate", {}),
    ));

  it("cannot delete the platform admin", () =>
    assertRefused("foreign_owner", "deleteClient", () => call(404, "DELETE", "/clients/carnet-admin")));
});
