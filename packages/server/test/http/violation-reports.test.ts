import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { type Authority, ownAuthority } from "@carnet/core/admin/permission";
import type { ClientPage } from "@carnet/core/client/client-store";
import { ownerOperations } from "@carnet/server/http/admin/owner-operations";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const of = (clientId: string): Authority => ({
  ...ownAuthority,
  caller: { clientId: clientIdOf(clientId), role: "auditor", owners: ["default"] },
});

const operationOf = (id: string) =>
  ownerOperations.find(({ operationId }) => operationId === id) ?? assert.fail(`there is no ${id}`);

/** The reports of the owner `default`, which take until they are released. */
class SlowReports {
  readonly #page = Promise.withResolvers<ClientPage>();
  readonly #ports = adminPortsOf(new TestEndpoint());
  started = 0;

  release(): void {
    this.#page.resolve({ clients: [], next: null });
  }

  run(operationId: string, { authority, body }: { readonly authority: Authority; readonly body?: object }) {
    const search = () => {
      this.started++;
      return this.#page.promise;
    };
    const call = { query: {}, body, parameter: () => "default", clientId: "", secretId: null, content: "" };
    return operationOf(operationId).run(
      { ...call, ifMatch: undefined, idempotencyKey: undefined },
      { ...this.#ports, store: { ...this.#ports.store, search }, authority },
    );
  }

  async maxTokenTtl(): Promise<number | null | undefined> {
    return (await this.#ports.owners.find("default"))?.policy.maxTokenTtl;
  }
}

suite("reports of violations", () => {
  test("are made one at a time, and refused as unavailable while too many of one caller wait", async () => {
    const reports = new SlowReports();
    const show = (caller: string) => reports.run("showOwner", { authority: of(caller) });
    const waiting = Array.from({ length: 9 }, () => show("greedy"));
    const refused = await show("greedy");
    assert.ok(!refused.ok);
    assert.equal(refused.error.kind, "unavailable");
    assert.match(refused.error.detail, /^\d+ reports of violations are waiting already: try again in a second$/);
    const other = show("other");
    assert.equal(reports.started, 1);
    reports.release();
    for (const shown of await Promise.all([...waiting, other])) assert.ok(shown.ok);
    assert.equal(reports.started, 10);
  });

  test("of a team neither delay nor prevent a change of its policy", async () => {
    const reports = new SlowReports();
    const shown = Array.from({ length: 12 }, () => reports.run("showOwner", { authority: of("greedy") }));
    const body = { policy: { max_token_ttl: 60 } };
    const changing = reports.run("changeOwner", { authority: ownAuthority, body });
    await endOfTurn();
    assert.equal(await reports.maxTokenTtl(), 60);
    reports.release();
    assert.ok((await changing).ok);
    await Promise.all(shown);
  });
});
