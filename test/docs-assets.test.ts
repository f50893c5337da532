import assert from "node:assert/strict";
import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { startTestService, type TestService } from "@carnet/testkit/service";

describe("the files of the API page", () => {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service[Symbol.asyncDispose]());

  /** Returns the body as sent. `fetch` would decompress it. */
  const get = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
    const asking = request(service.url + path, { method, headers });
    const answer = new Promise<import("node:http").IncomingMessage>((resolve, reject) =>
      asking.once("error", reject).once("response", resolve),
    );
    asking.end();
    const { statusCode, headers: answered } = await answer;
    return { status: statusCode, headers: answered, body: await buffer(await answer) };
  };

  it("lets the page load only from this service, and scripts only from files", async () => {
    const { headers } = await get("/docs");
    const policy = new Map(
      String(headers["content-security-policy"])
        .split(";")
        .map((directive) => directive.trim().split(/ (.*)/s, 2) as [string, string]),
    );
    const { "style-src": styles, ...others } = Object.fromEntries(policy);
    assert.equal(styles, "'self' 'unsafe-inline'");
    assert.deepEqual(others, {
      "default-src": "'none'",
      "script-src": "'self'",
      "img-src": "'self' data:",
      "font-src": "'self' data:",
      "connect-src": "'self'",
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
    });
  });

  it("sends the script compressed only to clients that accept gzip [RFC9110 §12.5.3]", async () => {
    const plain = await get("/docs/reader.js");
    assert.equal(plain.headers["content-encoding"], undefined);
    assert.ok(plain.body.length > 3_000_000);
    for (const encodings of ["gzip, deflate, br", "br;q=1, gzip;q=0.5", "GZIP"]) {
      const small = await get("/docs/reader.js", { "Accept-Encoding": encodings });
      assert.equal(small.headers["content-encoding"], "gzip", encodings);
      assert.equal(small.headers.vary, "Accept-Encoding");
      assert.ok(small.body.length < 1_200_000);
      assert.ok(gunzipSync(small.body).equals(plain.body));
    }
    for (const encodings of ["identity", "gzip;q=0", "br", "gzip;q=0.000, br"]) {
      const asIs = await get("/docs/reader.js", { "Accept-Encoding": encodings });
      assert.equal(asIs.headers["content-encoding"], undefined, encodings);
      assert.equal(asIs.body.length, plain.body.length);
    }
  });

  it("does not send the script again to a client that has it [RFC9110 §13.1.2]", async () => {
    const tags = new Set<string>();
    for (const encoding of ["identity", "gzip"]) {
      const { headers } = await get("/docs/reader.js", { "Accept-Encoding": encoding });
      const etag = String(headers.etag);
      tags.add(etag);
      const again = await get("/docs/reader.js", { "Accept-Encoding": encoding, "If-None-Match": etag });
      assert.equal(again.status, 304);
      assert.equal(again.body.length, 0);
      assert.equal(again.headers.etag, etag);
      const changed = await get("/docs/reader.js", { "Accept-Encoding": encoding, "If-None-Match": '"other"' });
      assert.equal(changed.status, 200);
    }
    assert.equal(tags.size, 2);
  });

  it("answers HEAD like GET, without the body [RFC9110 §9.3.2]", async () => {
    for (const encoding of ["identity", "gzip"]) {
      const { status, headers, body } = await get("/docs/reader.js", { "Accept-Encoding": encoding }, "HEAD");
      assert.equal(status, 200);
      assert.equal(body.length, 0);
      assert.match(String(headers["content-type"]), /^text\/javascript/);
    }
  });
});
