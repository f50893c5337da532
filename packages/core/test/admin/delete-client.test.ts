import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { changeSettings, deleteClient, entityTagOf, findClient } from "@carnet/core/admin/change-client";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

async function withClient() {
  const endpoint = new TestEndpoint();
  const { client } = await endpoint.register({ client_id: "app" });
  return { endpoint, client, ports: adminPortsOf(endpoint) };
}

suite("A deletion", () => {
  test("removes the client and its secrets, once", async () => {
    const { ports, endpoint } = await withClient();
    assert.deepEqual(await deleteClient({ clientId: "app", ifMatch: undefined }, ports), {
      ok: true,
      value: undefined,
    });
    assert.deepEqual(await allClients(endpoint.store), []);
    const again = await deleteClient({ clientId: "app", ifMatch: undefined }, ports);
    assert.ok(!again.ok && again.error.kind === "not_found");
  });

  test("with a stale ETag is refused and removes nothing", async () => {
    const { client, ports, endpoint } = await withClient();
    assert.ok((await changeSettings({ clientId: "app", ifMatch: undefined }, { client_name: "x" }, ports)).ok);
    const refused = await deleteClient({ clientId: "app", ifMatch: [entityTagOf(client)] }, ports);
    assert.ok(!refused.ok && refused.error.kind === "changed");
    assert.equal((await allClients(endpoint.store)).length, 1);
  });

  test("without If-Match succeeds although the client changed meanwhile", async () => {
    const { ports, endpoint } = await withClient();
    let others = 1;
    const quicker: typeof ports.store = Object.create(endpoint.store);
    quicker.find = async (id) => {
      const found = await endpoint.store.find(id);
      if (others-- > 0) await changeSettings({ clientId: "app", ifMatch: undefined }, { client_name: "other" }, ports);
      return found;
    };
    quicker.delete = (client, change) => endpoint.store.delete(client, change);
    assert.ok((await deleteClient({ clientId: "app", ifMatch: undefined }, { ...ports, store: quicker })).ok);
    assert.deepEqual(await allClients(endpoint.store), []);
  });
});

test("no operation finds a client by an invalid or unknown id", async () => {
  const { ports } = await withClient();
  for (const clientId of ["", "nobody", "a:b", "APP", "app "]) {
    for (const outcome of [
      await findClient(clientId, ports),
      await changeSettings({ clientId, ifMatch: undefined }, { client_name: "x" }, ports),
      await deleteClient({ clientId, ifMatch: ["*"] }, ports),
    ])
      assert.ok(!outcome.ok && outcome.error.kind === "not_found", clientId);
  }
});
