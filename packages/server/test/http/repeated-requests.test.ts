import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type AddedSecret, addSecret } from "@carnet/core/admin/secrets";
import { answerOnce } from "@carnet/server/http/admin/repeated-requests";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
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
});
