import assert from "node:assert/strict";
import { test } from "node:test";
import { IamError, InvalidRequestError, type Security } from "@carnet/sdk";
import { ManualClock } from "./support/manual-clock.ts";
import { json, network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

const OLD = { clientId: "id", clientSecret: "old secret" };
const NEW = { clientId: "id", clientSecret: "new secret" };

/** A server that accepts one secret at a time. */
function server(state: { secret: string }) {
  return network(({ form }: Sent, n) =>
    form.get("client_secret") === state.secret
      ? tokenAnswer({ access_token: `${state.secret.slice(0, 3)}-${n}` })
      : json({ error: "invalid_client", error_description: "no" }, { status: 401 }),
  );
}

test("security can be a sync or async function, which is called once for many calls", async () => {
  for (const isAsync of [false, true]) {
    let asked = 0;
    const give = (): Security | Promise<Security> => {
      asked++;
      return isAsync ? Promise.resolve(OLD) : OLD;
    };
    const net = server({ secret: OLD.clientSecret });
    const sdk = sdkFor(net, { security: give });
    await Promise.all([sdk.token(), sdk.token(), sdk.iam.tokenRequest()]);
    await sdk.iam.tokenRequest();
    assert.equal(asked, 1);
  }
});

test("the security function is called again after a refusal, so rotated secrets are picked up", async () => {
  const state = { secret: OLD.clientSecret };
  const net = server(state);
  const vault = [OLD, NEW];
  const sdk = sdkFor(net, { security: () => vault.shift() ?? NEW });
  assert.equal((await sdk.iam.tokenRequest()).accessToken, "old-0");
  state.secret = NEW.clientSecret;
  assert.equal((await sdk.iam.tokenRequest()).accessToken, "new-2");
  assert.deepEqual(
    net.sent.map(({ form }) => form.get("client_secret")),
    ["old secret", "old secret", "new secret"],
  );
  assert.equal((await sdk.token()).accessToken, "new-3");
});

test("a refusal is thrown if the function returns the same credentials, and the next call asks it again", async () => {
  let asked = 0;
  const net = server({ secret: NEW.clientSecret });
  const sdk = sdkFor(net, {
    clientAuthentication: "body",
    security: () => {
      asked++;
      return { ...OLD };
    },
  });
  assert.ok((await failure(sdk.token())) instanceof IamError);
  assert.deepEqual([asked, net.sent.length], [2, 1]);
  assert.ok((await failure(sdk.token())) instanceof IamError);
  assert.deepEqual([asked, net.sent.length], [3, 2]);
});

test("any 401 asks the security function again, whatever its body is", async () => {
  const bodies = ["", "<html>Unauthorized</html>", "null", '{"error":{"code":401}}', '{"message":"who are you?"}'];
  for (const body of bodies) {
    const vault = [OLD, NEW];
    const net = network(({ form }: Sent) =>
      form.get("client_secret") === NEW.clientSecret ? tokenAnswer() : new Response(body, { status: 401 }),
    );
    const sdk = sdkFor(net, { security: () => vault.shift() ?? NEW, clientAuthentication: "body" });
    assert.equal((await sdk.token()).accessToken, "token-1", body);
    assert.equal(net.sent.length, 2);
  }
});

test("a 403 does not ask the security function again", async () => {
  let asked = 0;
  const security = () => {
    asked++;
    return OLD;
  };
  const net = network(() => new Response("", { status: 403 }));
  await failure(sdkFor(net, { security }).token());
  assert.deepEqual([asked, net.sent.length], [1, 1]);
});

test("callers that are refused together call the function once and share the next request", async () => {
  let asked = 0;
  const state = { secret: NEW.clientSecret };
  const net = server(state);
  const security = async () => (asked++ === 0 ? OLD : NEW);
  const sdk = sdkFor(net, { security, clientAuthentication: "body" });
  const tokens = await Promise.all(Array.from({ length: 500 }, () => sdk.token()));
  assert.equal(new Set(tokens.map(({ accessToken }) => accessToken)).size, 1);
  assert.deepEqual([asked, net.sent.length], [2, 2]);
});

test("a refused background refresh loads rotated credentials, and no caller sees the refusal", async () => {
  const state = { secret: OLD.clientSecret };
  const net = server(state);
  const clock = new ManualClock();
  let current = OLD;
  const sdk = sdkFor(net, { security: async () => current, clock });
  assert.equal((await sdk.token()).accessToken, "old-0");
  state.secret = NEW.clientSecret;
  current = NEW;
  clock.advance(580_000);
  assert.equal((await sdk.token()).accessToken, "old-0");
  await runPending();
  assert.equal((await sdk.token()).accessToken, "new-2");
});

test("fixed credentials are not tried twice", async () => {
  const net = server({ secret: "other" });
  assert.ok((await failure(sdkFor(net, { security: OLD, clientAuthentication: "body" }).token())) instanceof IamError);
  assert.equal(net.sent.length, 1);
});

test("a security function that rejects or returns invalid credentials causes an InvalidRequestError and is called again", async () => {
  let asked = 0;
  const net = server({ secret: OLD.clientSecret });
  const sdk = sdkFor(net, {
    security: async () => {
      asked++;
      if (asked === 1)
        throw Object.assign(new Error("vault: Bearer abc.def down"), { headers: { "x-vault": "abc.def" } });
      return asked === 2 ? Object({ clientId: "id" }) : OLD;
    },
  });
  const first = await failure(sdk.token());
  assert.ok(first instanceof InvalidRequestError);
  assert.ok(first.cause instanceof Error);
  assert.equal(first.cause.message, "vault: Bearer [redacted] down");
  assert.equal(Reflect.get(first.cause, "headers"), undefined);
  const second = await failure(sdk.token());
  assert.ok(second instanceof InvalidRequestError);
  assert.equal(second.field, "security.clientSecret");
  assert.equal((await sdk.token()).accessToken, "old-0");
});

test("a caller that aborts does not wait for a security function that hangs", async () => {
  const sdk = sdkFor(
    network(() => tokenAnswer()),
    { security: () => new Promise<Security>(() => {}) },
  );
  const controller = new AbortController();
  const call = failure(sdk.token({ signal: controller.signal }));
  controller.abort();
  assert.equal(Reflect.get(Object(await call), "code"), "RequestAbortedError");
});

/** Lets pending callbacks run. */
function runPending(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("a security function that throws synchronously fails only that call and is called again by the next one", async () => {
  let asked = 0;
  const sdk = sdkFor(server({ secret: NEW.clientSecret }), {
    security: () => {
      asked++;
      if (asked === 1) throw new Error(`the vault is sealed for ${OLD.clientSecret}`);
      return NEW;
    },
  });
  const error = await failure(sdk.token());
  assert.ok(error instanceof InvalidRequestError);
  assert.equal((await sdk.token()).accessToken, "new-0");
  assert.equal(asked, 2);
});
