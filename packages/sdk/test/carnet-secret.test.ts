import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError, SDK, type SDKOptions } from "@carnet/sdk";
import { withEnvironment } from "./support/environment.ts";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure } from "./support/sdk-for.ts";

const CARNET = { clientId: "app", clientSecret: "carnet_2f6f1_Zx81kQ0pLw3vN7tYb2Rd_Qq" };
const OTHER = { clientId: "app", clientSecret: "wk_secret:oa2c:Zx81kQ0pLw3vN7tYb2Rd" };
const NO_SERVER = { CARNET_SERVER_URL: undefined, CARNET_REGION: undefined };

function refused(error: unknown): true {
  assert.ok(error instanceof InvalidRequestError, String(error));
  assert.equal(error.field, "serverURL");
  assert.match(error.message, /`?serverURL.*CARNET_SERVER_URL/);
  assert.doesNotMatch(String(error.message), /Zx81/);
  return true;
}

const make = (options: SDKOptions): SDK => new SDK(options);

test("without a chosen server, a Carnet secret is refused in the constructor", async () => {
  await withEnvironment(NO_SERVER, () => {
    assert.throws(() => make({ security: CARNET }), refused);
  });
  const { clientId, clientSecret } = CARNET;
  const fromEnvironment = { ...NO_SERVER, CARNET_CLIENT_ID: clientId, CARNET_CLIENT_SECRET: clientSecret };
  await withEnvironment(fromEnvironment, () => {
    assert.throws(() => make({}), refused);
  });
});

test("without a chosen server, a Carnet secret is also known after what a file or an environment file may leave before it", async () => {
  await withEnvironment(NO_SERVER, () => {
    for (const before of [" ", "\n", "\t", '"', "'", "\uFEFF"]) {
      const clientSecret = before + CARNET.clientSecret;
      assert.throws(() => make({ security: { ...CARNET, clientSecret } }), refused);
    }
  });
});

test("without a chosen server, a Carnet secret from a function or of a single request is refused, and nothing is sent", async () => {
  await withEnvironment(NO_SERVER, async () => {
    const net = network(() => tokenAnswer());
    const lazy = make({ security: async () => CARNET, httpClient: net.fetch });
    for (const call of [lazy.token(), lazy.iam.tokenRequest(), lazy.fetch("/x")]) refused(await failure(call));
    const sdk = make({ security: OTHER, httpClient: net.fetch });
    refused(await failure(sdk.iam.tokenRequest(CARNET)));
    refused(await failure(sdk.iam.tokenRequest({ clientSecret: CARNET.clientSecret })));
    assert.equal(net.sent.length, 0);
  });
});

test("with a chosen server, a Carnet secret goes there", async () => {
  const sent = async (options: SDKOptions, variables: Record<string, string> = {}): Promise<string | undefined> =>
    withEnvironment({ ...NO_SERVER, ...variables }, async () => {
      const net = network(() => tokenAnswer());
      await make({ security: CARNET, httpClient: net.fetch, ...options }).token();
      return net.sent[0]?.url;
    });
  assert.equal(await sent({ serverURL: "https://iam.test" }), "https://iam.test/oauth2/token");
  assert.equal(await sent({ server: "https://iam.test" }), "https://iam.test/oauth2/token");
  assert.equal(await sent({ server: "us" }), "https://api.app.wdesk.com/oauth2/token");
  assert.equal(await sent({}, { CARNET_SERVER_URL: "https://iam.test" }), "https://iam.test/oauth2/token");
  assert.equal(await sent({}, { CARNET_REGION: "eu" }), "https://api.eu.wdesk.com/oauth2/token");
});

test("the server of a single request counts as chosen for its own credentials", async () => {
  await withEnvironment(NO_SERVER, async () => {
    const net = network(() => tokenAnswer());
    await make({ httpClient: net.fetch }).iam.tokenRequest(CARNET, { serverURL: "https://iam.test" });
    assert.equal(net.sent[0]?.url, "https://iam.test/oauth2/token");
  });
});

test("other secrets keep the default region", async () => {
  await withEnvironment(NO_SERVER, async () => {
    const net = network(() => tokenAnswer());
    await make({ security: OTHER, httpClient: net.fetch }).token();
    assert.equal(net.sent[0]?.url, "https://api.app.wdesk.com/oauth2/token");
  });
});
