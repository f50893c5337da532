import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { changeSettings, deleteClient } from "@carnet/core/admin/change-client";
import { type AddedSecret, addSecret } from "@carnet/core/admin/secrets";
import { answerOnce } from "@carnet/server/http/admin/repeated-requests";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { openPolicy } from "@carnet/testkit/memory-owner-store";
import { withEvent } from "@carnet/testkit/sample-events";
import { authorityOf, callerOf, ownerWith } from "@carnet/testkit/sample-owners";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

suite("A repeated request", () => {
  test("that arrives during the first one gets the first response, although it could not be carried out again", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app" });
    const ports = adminPortsOf(endpoint);
    for (let secrets = 1; secrets < 9; secrets++)
      assert.ok((await addSecret({ clientId: "app", ifMatch: undefined }, {}, ports)).ok);
    const request = { idempotencyKey: "last-room", clientId: "admin", content: "add" };
    const send = (meanwhile: () => Promise<unknown>) =>
      answerOnce(request, ports, async (record) => {
        await meanwhile();
        const recorded = record && (({ secret }: AddedSecret) => record({ body: secret.secretId }));
        const added = await addSecret({ clientId: "app", ifMatch: undefined, record: recorded }, {}, ports);
        return added.ok ? { ok: true, value: { body: added.value.secret.secretId } } : added;
      });
    let first: Awaited<ReturnType<typeof send>> | undefined;
    const second = await send(async () => {
      first = await send(async () => {});
    });
    assert.ok(first?.ok);
    assert.deepEqual(second, {
      ok: true,
      value: { ...first.value, unchanged: "replayed", headers: { "Idempotency-Replayed": "true" } },
    });
  });

  test("does not reveal a client, or its secret, that does not exist for the caller any more", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.owners.insert(ownerWith("payments", openPolicy), withEvent());
    const { client } = await endpoint.register({ client_id: "app" });
    const as = (...owners: string[]) => ({
      ...adminPortsOf(endpoint),
      authority: authorityOf(callerOf("admin", owners), "manage"),
    });
    const request = { idempotencyKey: "once", clientId: "caller-admin", content: "add" };
    const send = (ports: ReturnType<typeof as>) =>
      answerOnce(request, ports, async (record) => {
        const answerOf = ({ client: { clientId, owner }, secret: { secretId: id } }: AddedSecret) =>
          ({ created: { type: "secret", id, clientId, owner }, body: "the secret" }) as const;
        const recorded = record && ((made: AddedSecret) => record(answerOf(made)));
        const made = await addSecret({ clientId: "app", ifMatch: undefined, record: recorded }, {}, ports);
        return made.ok ? { ok: true, value: answerOf(made.value) } : made;
      });
    assert.ok((await send(as("default"))).ok);
    assert.ok((await send(as("default"))).ok);
    const isRefused = async (...owners: string[]) => {
      const replayed = await send(as(...owners));
      return !replayed.ok && replayed.error.detail === "no client with this id is registered";
    };
    assert.ok(await isRefused("payments"), "the caller is bound to other owners now");
    const moved = { clientId: client.clientId, ifMatch: undefined };
    assert.ok((await changeSettings(moved, { owner: "payments" }, adminPortsOf(endpoint))).ok);
    assert.ok(await isRefused("default"), "the client belongs to another owner now");
    assert.ok((await send(as("payments"))).ok);
    assert.ok((await deleteClient(moved, adminPortsOf(endpoint))).ok);
    assert.ok(await isRefused("payments"), "the client is deleted");
  });
});
