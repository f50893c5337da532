import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExpiryWarning, SDKHooks } from "@carnet/sdk";
import fc from "fast-check";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { sdkFor } from "./support/sdk-for.ts";

const SECRET = 'secret;id="k3f9";at=@1798761600;within=30';
const CLIENT = "client;at=@1798761600;within=7";
const SECRET_ENDS: ExpiryWarning = {
  what: "secret",
  secretId: "k3f9",
  endsAt: new Date("2027-01-01T00:00:00Z"),
  withinDays: 30,
};
const CLIENT_ENDS: ExpiryWarning = { ...SECRET_ENDS, what: "client", secretId: undefined, withinDays: 7 };

/** An SDK whose n-th token response carries the n-th of these warnings. */
function sdkWithWarnings(texts: readonly string[], hooks?: SDKHooks) {
  const net = network((_, n) => {
    const answer = tokenAnswer();
    answer.headers.set("Carnet-Expiry-Warning", texts[n] ?? "");
    return answer;
  });
  return sdkFor(net, { hooks });
}

/** The warnings that the hook receives for token responses with these headers. */
async function warningsFor(...texts: readonly string[]): Promise<ExpiryWarning[]> {
  const warnings: ExpiryWarning[] = [];
  const sdk = sdkWithWarnings(texts, { onExpiryWarning: (warning) => void warnings.push(warning) });
  for (const _ of texts) assert.equal((await sdk.iam.tokenRequest()).accessToken, "token-1");
  return warnings;
}

test("Carnet-Expiry-Warning on a token response calls onExpiryWarning for each member [RFC9651 §3.1]", async () => {
  assert.deepEqual(await warningsFor(`${SECRET}, ${CLIENT}`), [SECRET_ENDS, CLIENT_ENDS]);
});

test("warnings on responses for cached tokens are reported, including background refreshes", async () => {
  const warnings: ExpiryWarning[] = [];
  const sdk = sdkWithWarnings([SECRET, CLIENT], { onExpiryWarning: (warning) => void warnings.push(warning) });
  await sdk.token();
  await sdk.token({ forceRefresh: true });
  assert.deepEqual(warnings, [SECRET_ENDS, CLIENT_ENDS]);
});

test("an expiry warning is reported once, and again for each new threshold, secret or expiry date", async () => {
  const warnings = await warningsFor(
    SECRET,
    SECRET,
    `${SECRET},${SECRET}`,
    SECRET.replace("=30", "=14"),
    SECRET.replace("k3f9", "k4"),
    SECRET.replace("=@1798761600", "=@1798761601"),
    CLIENT,
    CLIENT,
  );
  assert.deepEqual(
    warnings.map(({ what, secretId, endsAt, withinDays }) => [what, secretId, +endsAt / 1000, withinDays]),
    [
      ["secret", "k3f9", 1_798_761_600, 30],
      ["secret", "k3f9", 1_798_761_600, 14],
      ["secret", "k4", 1_798_761_600, 30],
      ["secret", "k3f9", 1_798_761_601, 30],
      ["client", undefined, 1_798_761_600, 7],
    ],
  );
});

test("parameters may come in any order, and unknown parameters and members are ignored [RFC9651 §3.1.2]", async () => {
  for (const text of [
    'secret; within=30;x;y=?0;at=@1798761600;note="a b=c";  id="k3f9"',
    `key;id="k";at=@1798761600;within=30 \t,\t${SECRET}`,
    SECRET.replace("=30", "=90;within=30"),
  ]) {
    assert.deepEqual(await warningsFor(text), [SECRET_ENDS], text);
  }
});

test("a malformed Carnet-Expiry-Warning is ignored and the token is returned", async () => {
  const long = Array.from({ length: 200 }, (_, n) => SECRET.replace("k3f9", `k${n}`)).join(", ");
  for (const text of [
    "",
    "secret",
    '"client";at=@1798761600;within=7',
    `(${CLIENT})`,
    `Client${CLIENT.slice(6)}`,
    `clients${CLIENT.slice(6)}`,
    "client;at=;within=7",
    "client;at=1798761600;within=7",
    "client;at=@1798761600",
    "client;within=7",
    "client,at=@1798761600,within=7",
    CLIENT.replace("=@1798761600", "=@99999999999999999999"),
    CLIENT.replace("=@1798761600", "=@1.5"),
    CLIENT.replace("=7", "=7.5"),
    CLIENT.replace("=7", "=-7"),
    CLIENT.replace("=7", "=7x"),
    CLIENT.replace("=7", '="7"'),
    long,
  ]) {
    assert.deepEqual(await warningsFor(text), [], text);
  }
});

test("a malformed member does not hide the others", async () => {
  assert.deepEqual(await warningsFor(`client;at=x;within=7, ${SECRET}`), [SECRET_ENDS]);
});

test("the token is returned for any Carnet-Expiry-Warning value", async () => {
  const part = fc.constantFrom(...'client secret ;at= ;id= ;within= @1798761600 30 " \\ , ; = ( ) * é'.split(" "), " ");
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 40 }), async (parts) => {
      for (const { what, secretId, endsAt, withinDays } of await warningsFor(parts.join(""))) {
        assert.match(`${what} ${secretId}`, /^(client|secret) [^",;]+$/);
        assert.ok(!Number.isNaN(+endsAt) && Number.isInteger(withinDays));
      }
    }),
  );
});

test("a long worst-case Carnet-Expiry-Warning is parsed quickly", async () => {
  const before = performance.now();
  for (const unit of ["a", "a;", "a;b=", 'a;b="', "a; ", "a ,", "a\t", ";a=b", 'a;b="\\"']) {
    await warningsFor(unit.repeat(4095 / unit.length), `secret${unit.repeat(4000 / unit.length)}`);
  }
  assert.ok(performance.now() - before < 2000);
});

test("at most a thousand expiry warnings are remembered, and none is reported after that", async () => {
  const texts = Array.from({ length: 1002 }, (_, n) => SECRET.replace("k3f9", `k${n}`));
  assert.equal((await warningsFor(...texts)).length, 1000);
});

test("by default an expiry warning is one console warning", async () => {
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (...what: unknown[]) => void warnings.push(what.map((each) => JSON.stringify(each)).join(" "));
  try {
    const sdk = sdkWithWarnings([SECRET, SECRET]);
    await sdk.iam.tokenRequest();
    await sdk.iam.tokenRequest();
  } finally {
    console.warn = warn;
  }
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /Expires soon.*"secret".*k3f9.*2027-01-01.*30/);
});

test("an onExpiryWarning hook that throws or rejects does not fail the token request", async () => {
  const broken: NonNullable<SDKHooks["onExpiryWarning"]>[] = [
    () => assert.fail("broken"),
    async () => assert.fail("broken later"),
  ];
  for (const onExpiryWarning of broken) {
    const sdk = sdkWithWarnings([`${SECRET}, ${CLIENT}`], { onExpiryWarning });
    assert.equal((await sdk.token()).accessToken, "token-1");
  }
});

test("refusals and API responses cause no expiry warning", async () => {
  const warnings: ExpiryWarning[] = [];
  const headers = { "carnet-expiry-warning": SECRET };
  const net = network(({ url }, n) =>
    n === 0
      ? Response.json({ error: "invalid_client" }, { status: 401, headers })
      : url.endsWith("token")
        ? tokenAnswer()
        : new Response("ok", { headers }),
  );
  const sdk = sdkFor(net, { hooks: { onExpiryWarning: (warning) => void warnings.push(warning) } });
  await assert.rejects(sdk.token());
  await sdk.fetch("/x");
  assert.deepEqual(warnings, []);
});
