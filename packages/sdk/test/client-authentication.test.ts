import assert from "node:assert/strict";
import { test } from "node:test";
import { IamError, RequestAbortedError, type SDK, type SDKOptions } from "@carnet/sdk";
import { json, type Network, network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

const SECURITY = { clientId: "app:1 é", clientSecret: "s:é/ +&%" };
const HEADER = "Basic YXBwJTNBMSslQzMlQTk6cyUzQSVDMyVBOSUyRislMkIlMjYlMjU=";
const METADATA = "/.well-known/oauth-authorization-server";
const OPENID = "/.well-known/openid-configuration";

interface Behaviour {
  /** The methods that the server takes. */
  readonly takes: readonly ("body" | "basic")[];
  readonly refusal?: ResponseInit;
  /** The body of a refusal. */
  readonly refused?: unknown;
  readonly metadata?: (path: string) => Response | Error;
  /** The secret that the server accepts. */
  readonly secret?: string;
}

/** A token server by somebody else. */
function server({ takes, refusal, refused = { error: "invalid_client" }, metadata, secret }: Behaviour): Network {
  return network(({ url, form, headers }: Sent) => {
    const { pathname } = new URL(url);
    if (pathname.includes(".well-known")) return metadata?.(pathname) ?? new Response("no", { status: 404 });
    const isBasic = headers.get("authorization") === HEADER && form.get("client_secret") === null;
    const isBody = form.get("client_secret") === (secret ?? SECURITY.clientSecret);
    const isGood = (takes.includes("basic") && isBasic) || (takes.includes("body") && isBody);
    return isGood ? tokenAnswer() : json(refused, { status: 401, ...refusal });
  });
}

const published = (methods: unknown) => () =>
  json({ token_endpoint: "x", ...(methods !== undefined && { token_endpoint_auth_methods_supported: methods }) });

const sdkOf = (net: Pick<Network, "fetch">, options: SDKOptions = {}): SDK =>
  sdkFor(net, { security: SECURITY, ...options });

/** The requests in short: the method that was used, or the path of the metadata. */
const seen = ({ sent }: Network): string[] =>
  sent.map(({ url, method, headers }) =>
    method === "GET" ? new URL(url).pathname : headers.get("authorization") ? "basic" : "body",
  );

test("basic sends the form-encoded credentials in the header and none in the body [RFC6749 §2.3.1]", async () => {
  const net = server({ takes: ["basic"] });
  await sdkOf(net, { clientAuthentication: "basic" }).iam.tokenRequest({ scope: "a" });
  assert.equal(net.sent[0]?.headers.get("authorization"), HEADER);
  assert.equal(net.sent[0]?.body, "grant_type=client_credentials&scope=a");
  assert.equal(net.sent.length, 1);
});

test("body and basic do not try anything else", async () => {
  for (const clientAuthentication of ["body", "basic"] as const) {
    const net = server({ takes: [], refusal: { headers: { "www-authenticate": "Basic" } } });
    const error = await failure(sdkOf(net, { clientAuthentication }).token());
    assert.ok(error instanceof IamError);
    assert.deepEqual(seen(net), [clientAuthentication]);
  }
});

test("auto repeats the request once with Basic after a Basic challenge, and remembers it", async () => {
  for (const challenge of ['Basic realm="x"', "basic", 'Bearer realm="y", Basic realm="x"']) {
    for (const status of [400, 401]) {
      const net = server({ takes: ["basic"], refusal: { status, headers: { "www-authenticate": challenge } } });
      const sdk = sdkOf(net);
      await sdk.iam.tokenRequest();
      await sdk.iam.tokenRequest();
      assert.deepEqual(seen(net), ["body", "basic", "basic"], challenge);
    }
  }
});

test("auto reads the metadata when the refusal has no Basic challenge", async () => {
  for (const methods of [["client_secret_basic"], ["private_key_jwt", "client_secret_basic"], undefined]) {
    const net = server({ takes: ["basic"], metadata: published(methods) });
    const sdk = sdkOf(net);
    await sdk.iam.tokenRequest();
    await sdk.iam.tokenRequest();
    assert.deepEqual(seen(net), ["body", METADATA, "basic", "basic"]);
  }
});

test("metadata without token_endpoint_auth_methods_supported means client_secret_basic [RFC8414 §2]", async () => {
  const net = server({ takes: ["basic"], metadata: published(undefined) });
  assert.equal((await sdkOf(net).token()).accessToken, "token-1");
});

test("auto reads the OpenID configuration if there is no other metadata", async () => {
  const metadata = (path: string) => (path === OPENID ? published(undefined)() : new Response("", { status: 404 }));
  const net = server({ takes: ["basic"], metadata });
  await sdkOf(net).token();
  assert.deepEqual(seen(net), ["body", METADATA, OPENID, "basic"]);
});

test("the metadata of a server with a path is where RFC 8414 and OpenID Connect put it [RFC8414 §3.1]", async () => {
  for (const [options, paths] of [
    [{ serverURL: "https://h.test/realm/" }, [`${METADATA}/realm`, `/realm${OPENID}`]],
    [{ serverURL: "https://h.test/api", tokenURL: "https://login.test/a/token" }, [METADATA, OPENID]],
    [{ serverURL: "https://h.test", tokenURL: "https://h.test.other.test/token" }, [METADATA, OPENID]],
  ] as const) {
    const net = server({ takes: [] });
    await failure(sdkOf(net, options).token());
    assert.deepEqual(seen(net), ["body", ...paths]);
    const hosts = new Set(net.sent.map(({ url }) => new URL(url).host));
    assert.equal(hosts.size, 1);
  }
});

test("the requests for metadata carry no credentials and no headers of the call", async () => {
  const net = server({ takes: [] });
  await failure(sdkOf(net).iam.tokenRequest({}, { headers: { "x-api-key": "k", authorization: "Basic Og==" } }));
  const [, ...reads] = net.sent;
  assert.equal(reads.length, 2);
  for (const { headers, body, redirect } of reads) {
    assert.deepEqual([...headers.keys()].sort(), ["accept", "user-agent", "x-version"]);
    assert.deepEqual([body, redirect], ["", "manual"]);
  }
});

test("a wrong secret is sent once to a server whose metadata lists client_secret_post, and the metadata is read once", async () => {
  const net = server({ takes: [], metadata: published(["client_secret_basic", "client_secret_post"]) });
  const sdk = sdkOf(net);
  for (let i = 0; i < 3; i++) assert.ok((await failure(sdk.token())) instanceof IamError);
  assert.deepEqual(seen(net), ["body", METADATA, "body", "body"]);
});

test("a wrong secret is sent once to a server that took the body before, even if it challenges with Basic", async () => {
  const net = server({ takes: ["body"], refusal: { headers: { "www-authenticate": "Basic" } } });
  const sdk = sdkOf(net);
  await sdk.iam.tokenRequest();
  await failure(sdk.iam.tokenRequest({ clientSecret: "wrong" }));
  assert.deepEqual(seen(net), ["body", "body"]);
});

test("a wrong secret at a server that challenges for both methods does not turn a working method off", async () => {
  const net = server({ takes: ["body"], refusal: { headers: { "www-authenticate": "Basic" } } });
  const sdk = sdkOf(net);
  await failure(sdk.iam.tokenRequest({ clientSecret: "wrong" }));
  await sdk.iam.tokenRequest();
  assert.deepEqual(seen(net), ["body", "basic", "body"]);
});

test("without metadata the first refusal stands, and it is looked for once", async () => {
  for (const metadata of [
    () => new Response("<html>", { status: 200 }),
    () => json({ some: "page" }),
    () => new Response("", { status: 302, headers: { location: "/login" } }),
    () => new Response("", { status: 404 }),
  ]) {
    const net = server({ takes: ["basic"], refused: "who?", metadata });
    const sdk = sdkOf(net);
    const errors = [await failure(sdk.token()), await failure(sdk.token())];
    assert.deepEqual(
      errors.map((error) => Reflect.get(Object(error), "status")),
      [401, 401],
    );
    assert.deepEqual(seen(net), ["body", METADATA, OPENID, "body"]);
  }
});

test("metadata that cannot be read now is read again after the next refusal", async () => {
  for (const failing of [() => new Error("down"), () => new Response("", { status: 503 })]) {
    let reads = 0;
    const metadata = () => (reads++ === 0 ? failing() : published(["client_secret_basic"])());
    const net = server({ takes: ["basic"], metadata });
    const sdk = sdkOf(net);
    assert.ok((await failure(sdk.token())) instanceof IamError);
    assert.equal((await sdk.token()).accessToken, "token-1");
    assert.deepEqual(seen(net), ["body", METADATA, "body", METADATA, "basic"]);
  }
});

test("a success without a token, such as a maintenance page, does not decide the method", async () => {
  const down = [
    new Response("<html>", { status: 200 }),
    new Response(null, { status: 302, headers: { location: "/" } }),
  ];
  const challenge = { headers: { "www-authenticate": "Basic" } };
  const basicOnly = server({ takes: ["basic"], refusal: challenge });
  const sdk = sdkOf({ fetch: async (...request) => down.shift() ?? basicOnly.fetch(...request) });
  for (let i = 0; i < 2; i++) await failure(sdk.token());
  assert.equal((await sdk.token()).accessToken, "token-1");
});

test("a refusal for another reason is not repeated", async () => {
  const refusal = { status: 400, headers: { "www-authenticate": "Basic" } };
  const net = server({ takes: [], refusal, refused: { error: "invalid_scope" } });
  await failure(sdkOf(net).token());
  assert.deepEqual(seen(net), ["body"]);
});

test("what is known of one token endpoint is not used for another one", async () => {
  const net = server({ takes: ["basic"], refusal: { headers: { "www-authenticate": "Basic" } } });
  const sdk = sdkOf(net);
  await sdk.token();
  await sdk.iam.tokenRequest({}, { serverURL: "https://other.test" });
  assert.deepEqual(seen(net), ["body", "basic", "body", "basic"]);
});

test("an abort or a close during the metadata request is an abort", async () => {
  for (const how of ["abort", "close"] as const) {
    const controller = new AbortController();
    const end = () => (how === "abort" ? controller.abort() : sdk.close());
    const net = server({
      takes: [],
      metadata: () => {
        end();
        return new Error("gone");
      },
    });
    const sdk = sdkOf(net);
    const error = await failure(sdk.iam.tokenRequest({}, { signal: controller.signal }));
    assert.ok(error instanceof RequestAbortedError, String(error));
  }
});
