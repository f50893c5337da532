import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { exchange, httpRequest } from "../leaks/raw-request.ts";

/** Requests a token for a client limited to 203.0.113.0/24. Returns the status and the recorded address. */
async function requestWith(service: TestService, headers: Readonly<Record<string, string>>) {
  const { clientId, clientSecret } = await service.register({ scope: "a", ip_allowlist: ["203.0.113.0/24"] });
  const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`;
  const answer = await exchange(service.url, httpRequest({ headers, body }));
  const record = service.journal().findLast(({ event }) => event.startsWith("token_"));
  return { status: Number(answer.slice(9, 12)), address: record?.["address"] };
}

test("ignores every forwarding header while no proxy is trusted", async () => {
  await using service = await startTestService();
  for (const name of ["X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"]) {
    assert.deepEqual(
      await requestWith(service, { [name]: "203.0.113.7" }),
      { status: 401, address: "127.0.0.1" },
      name,
    );
  }
  const forwarded = await requestWith(service, { Forwarded: "for=203.0.113.7" });
  assert.deepEqual(forwarded, { status: 401, address: "127.0.0.1" });
});

const chains: readonly (readonly [string, string, number, string])[] = [
  ["the address that the trusted proxy saw", "203.0.113.7", 200, "203.0.113.7"],
  ["a mapped address", "::ffff:203.0.113.7", 200, "::ffff:203.0.113.7"],
  ["the address that a chain of trusted proxies saw", "203.0.113.7, 10.1.2.3", 200, "203.0.113.7"],
  ["an address that the caller prepended", "203.0.113.7, 198.51.100.1", 401, "198.51.100.1"],
  ["an address before an invalid one", "203.0.113.7, nonsense", 401, "unknown"],
  ["a secret", "carnet_0123456789abcdef_secret", 401, "unknown"],
  ["an address with a port", "203.0.113.7:80", 401, "unknown"],
  ["a short form of an address", "203.0.28935", 401, "unknown"],
  ["only commas", ",,,", 401, "127.0.0.1"],
  ["nothing", "", 401, "127.0.0.1"],
];

for (const [forwarded, chain, status, address] of chains) {
  test(`reads ${forwarded} from a trusted proxy as ${address}`, async () => {
    await using service = await startTestService({ settings: { trustedProxies: "127.0.0.1/32,10.0.0.0/8" } });
    assert.deepEqual(await requestWith(service, { "X-Forwarded-For": chain }), { status, address });
  });
}
