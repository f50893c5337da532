import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeprecationNotice } from "@carnet/sdk";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { sdkFor } from "./support/sdk-for.ts";

const tokenServer = (headers: Record<string, string> = {}) =>
  network((sent) => (sent.url.endsWith("token") ? tokenAnswer() : new Response("ok", { headers })));
const DEPRECATED = {
  deprecation: "@1770854400",
  sunset: "Wed, 31 Jan 2029 00:00:00 GMT",
  link: '</oauth2/token>; rel="successor-version"',
};

test("a Deprecation or Sunset header calls onDeprecation once per route", async () => {
  for (const headers of [DEPRECATED, { deprecation: "@1770854400" }, { sunset: DEPRECATED.sunset }]) {
    const notices: DeprecationNotice[] = [];
    const sdk = sdkFor(tokenServer(headers), { hooks: { onDeprecation: (notice) => void notices.push(notice) } });
    for (const path of ["/old", "/old?page=2", "/older", "/old"]) await sdk.fetch(path);
    await sdk.fetch("/old", { method: "DELETE" });
    assert.deepEqual(
      notices.map(({ method, url }) => `${method} ${new URL(url).pathname}`),
      ["GET /old", "GET /older", "DELETE /old"],
    );
  }
});

test("an id in a path does not make another route, but a version does", async () => {
  const paths: string[] = [];
  const hooks = { onDeprecation: ({ url }: DeprecationNotice) => void paths.push(new URL(url).pathname) };
  const sdk = sdkFor(tokenServer(DEPRECATED), { hooks, serverURL: "https://api2.example.test" });
  for (const id of ["17", "18", "8f14e45f-ceea-467f-a8d3-3d9d1c1a6b11", "file_3Xk"])
    await sdk.fetch(`/v1/files/${id}/rows`);
  for (const path of ["/v2/files/17/rows", "/v1/files/17", "/v1/files", "/v1/files/19"]) await sdk.fetch(path);
  assert.deepEqual(paths, ["/v1/files/17/rows", "/v2/files/17/rows", "/v1/files/17", "/v1/files"]);
});

test("a notice has the deprecation date, the sunset date and the link [RFC9745 §2.1] [RFC8594 §3]", async () => {
  const notices: DeprecationNotice[] = [];
  const net = network(() => {
    const answer = tokenAnswer();
    for (const [name, value] of Object.entries(DEPRECATED)) answer.headers.set(name, value);
    return answer;
  });
  const sdk = sdkFor(net, {
    tokenURL: "/iam/v1/oauth2/token",
    hooks: { onDeprecation: (notice) => void notices.push(notice) },
  });
  await sdk.token();
  assert.deepEqual(notices, [
    {
      method: "POST",
      url: "https://api.example.test/iam/v1/oauth2/token",
      deprecatedAt: new Date("2026-02-12T00:00:00Z"),
      sunsetAt: new Date("2029-01-31T00:00:00Z"),
      link: DEPRECATED.link,
    },
  ]);
});

test("a Deprecation header without a date gives a notice without one", async () => {
  const notices: DeprecationNotice[] = [];
  const sdk = sdkFor(tokenServer({ deprecation: "true", sunset: "some day" }), {
    hooks: { onDeprecation: (notice) => void notices.push(notice) },
  });
  await sdk.fetch("/old");
  assert.deepEqual([notices[0]?.deprecatedAt, notices[0]?.sunsetAt], [undefined, undefined]);
});

test("by default a deprecation is one console warning per route", async () => {
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (...what: unknown[]) => void warnings.push(what.map((each) => JSON.stringify(each)).join(" "));
  try {
    const sdk = sdkFor(tokenServer(DEPRECATED));
    await sdk.fetch("/old?token=1");
    await sdk.fetch("/old");
  } finally {
    console.warn = warn;
  }
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /Deprecated.*https:\/\/api\.example\.test\/old".*2026-02-12.*2029-01-31/);
});

test("an onDeprecation hook that throws does not fail the call", async () => {
  const sdk = sdkFor(tokenServer(DEPRECATED), { hooks: { onDeprecation: () => assert.fail("broken") } });
  assert.equal((await sdk.fetch("/old")).status, 200);
});
