// In workers, a request may not await what another one started. `WebSocketPair` is how the guard tells that it runs in one.
import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { failureOf, openWorld, paths, settle } from "./support/world.ts";

function pretendToBeAWorker(context: TestContext): void {
  Object.defineProperty(globalThis, "WebSocketPair", { value: class {}, configurable: true });
  context.after(() => Reflect.deleteProperty(globalThis, "WebSocketPair"));
}

suite("In a worker", () => {
  test("no request waits for a fetch of another one", async (context) => {
    pretendToBeAWorker(context);
    const { issuer, guard, network } = await openWorld({ revocations: false });
    const token = await issuer.issue();
    const hanging = Promise.withResolvers<Response>();
    network.answer(paths.metadata, () => hanging.promise);
    const first = guard.verify(token);
    network.answer(paths.metadata, undefined);
    await guard.verify(token);
    hanging.reject(new TypeError("the platform ended the request"));
    await first;
  });

  test("a new key is not called unknown while another request fetches the keys: 503", async (context) => {
    pretendToBeAWorker(context);
    const { issuer, guard, network, pass } = await openWorld({ revocations: false });
    await guard.verify(await issuer.issue());
    pass(10);
    await issuer.rotateKeys();
    const token = await issuer.issue();
    const slow = Promise.withResolvers<Response>();
    network.answer(paths.jwks, () => slow.promise);
    const first = guard.verify(token);
    await settle();
    assert.equal((await failureOf(guard.verify(token))).code, "IssuerUnavailable");
    slow.resolve(await issuer.fetch(`${issuer.issuer}${paths.jwks}`));
    await first;
    await guard.verify(token);
  });
});
