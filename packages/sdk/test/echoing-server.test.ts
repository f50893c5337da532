import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ResponseValidationError, SDK, type SDKHooks } from "@carnet/sdk";
import { json, network, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_ID, failure, sdkFor } from "./support/sdk-for.ts";

const TOKEN = "opaquetokenwithoutanydigit";
const SECRET = "opaque-secret-of-a-client";
const SECURITY = { clientId: CLIENT_ID, clientSecret: SECRET };

const tokenOr = (api: (sent: Sent) => Response) =>
  network((sent) => (sent.url.endsWith("token") ? tokenAnswer({ access_token: TOKEN }) : api(sent)));

test("a redirect that repeats the token in its request id or its host does not bring it into the error", async () => {
  const headers = { location: `https://${TOKEN}.evil.test/`, "x-request-id": `r-${TOKEN}` };
  const error = await failure(sdkFor(tokenOr(() => new Response(null, { status: 302, headers }))).fetch("/x"));
  assert.ok(error instanceof ResponseValidationError);
  assert.equal(error.requestId, "r-[redacted]");
  assert.match(error.message, /to https:\/\/\[redacted]\.evil\.test is not followed/);
  assert.doesNotMatch(inspect(error, { showHidden: true }) + JSON.stringify(error), new RegExp(TOKEN));
});

test("a redirect to an invalid URL says so", async () => {
  const headers = { location: "https://user:password@evil.test/" };
  const error = await failure(sdkFor(tokenOr(() => new Response(null, { status: 302, headers }))).fetch("/x"));
  assert.equal(Object(error).message, "The redirect (302) to an invalid URL is not followed.");
});

test("warnings about deprecation and expiry do not repeat the secret or the token, and keep the rest", async () => {
  const notices: string[] = [];
  const { warn } = console;
  console.warn = (...what: unknown[]) => void notices.push(inspect(what, { depth: 9 }));
  const echoing = (text: string) => ({
    deprecation: "@1",
    link: `<https://docs.test/?q=1&s=${text}>; rel="deprecation"`,
    "carnet-expiry-warning": `secret;id="${text}";at=@1798761600;within=30`,
  });
  const answer = { access_token: TOKEN, token_type: "Bearer", expires_in: 600 };
  const net = network(({ url }) =>
    url.endsWith("token")
      ? json(answer, { headers: echoing(SECRET) })
      : new Response(null, { headers: echoing(TOKEN) }),
  );
  try {
    await sdkFor(net, { security: SECURITY }).fetch("/x");
  } finally {
    console.warn = warn;
  }
  assert.equal(notices.length, 3);
  assert.doesNotMatch(notices.join(), /opaque/);
  assert.match(notices.join(), /<https:\/\/docs\.test\/\?q=1&s=\[redacted]>; rel="deprecation"/);
});

test("an error of a hook or a transport that quotes a request has neither its form nor its token", async () => {
  const quote = async (request: Request): Promise<never> => {
    throw new Error(`${await request.clone().text()} ${request.headers.get("authorization")}`);
  };
  const seen: unknown[] = [];
  const fetchQuoting = async (input: string | URL | Request, init?: RequestInit) => quote(new Request(input, init));
  const requestError: NonNullable<SDKHooks["requestError"]> = (error) => void seen.push(error);
  seen.push(
    await failure(
      sdkFor({ fetch: fetchQuoting }, { security: SECURITY, hooks: { requestError } }).token({ retries: 0 }),
    ),
  );
  const hooks: SDKHooks = { beforeRequest: (request) => (request.url.endsWith("token") ? undefined : quote(request)) };
  seen.push(
    await failure(
      sdkFor(
        tokenOr(() => new Response()),
        { hooks },
      ).fetch("/x"),
    ),
  );
  seen.push(
    await failure(
      sdkFor(
        tokenOr(() => new Response()),
        { hooks: { beforeRequest: quote } },
      ).token(),
    ),
  );
  assert.equal(seen.length, 4);
  for (const each of seen) assert.doesNotMatch(inspect(each, { showHidden: true, depth: 9 }), /opaque|wk_secret/);
});

test("a worst-case description of 64 KiB is read quickly", async () => {
  const before = performance.now();
  const units = [
    "-eyJ",
    "Bearer ",
    '"token"',
    '"',
    "https://",
    "%25",
    "&amp;",
    "\\",
    " ",
    "token",
    SECRET.slice(0, -1),
  ];
  for (const unit of units) {
    const text = unit.repeat(60_000 / unit.length);
    for (const error_description of [text, `eyJ${text}`, `Bearer${text}`, `https://${text}`, `%${text}`, `&${text}`]) {
      const net = network(() => json({ error: "invalid_scope", error_description }, { status: 400 }));
      await failure(sdkFor(net, { security: SECURITY }).iam.tokenRequest());
    }
  }
  assert.ok(performance.now() - before < 4000);
});

test("a very long unknown option is refused quickly", () => {
  const before = performance.now();
  assert.throws(() => new SDK(Object({ ["x".repeat(100_000)]: 1 })), /is unknown/);
  assert.ok(performance.now() - before < 1000);
});
