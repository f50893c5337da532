import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { faultOf, load } from "./support/load.ts";

const pair = { tlsCert: "tls.crt", tlsKey: "tls.key" };

suite("The certificate of the listener", () => {
  test("needs its key, and a key needs its certificate", () => {
    const expected = "CARNET_TLS_CERT and CARNET_TLS_KEY belong together: set both, or neither.";
    for (const [name, path] of Object.entries(pair)) assert.equal(faultOf({ flags: { [name]: path } }), expected);
  });

  test("is read from each source, and refused when it is empty", () => {
    const environment = { CARNET_TLS_CERT: "tls.crt", CARNET_TLS_KEY: "tls.key" };
    for (const sources of [{ flags: pair }, { environment }, { file: JSON.stringify(pair) }])
      assert.deepEqual(load(sources).tls, { cert: "tls.crt", key: "tls.key" });
    assert.match(
      faultOf({ environment: { ...environment, CARNET_TLS_KEY: "" } }),
      /^The .* CARNET_TLS_KEY has an invalid/,
    );
  });

  test("makes the default issuer of carnet dev an https address", () => {
    const { issuer, audience, tls } = load({ flags: { ...pair, port: "8443" } });
    assert.deepEqual([issuer, audience], ["https://localhost:8443", "https://localhost:8443"]);
    assert.deepEqual(tls, { cert: "tls.crt", key: "tls.key" });
  });

  test("is refused with an issuer at which only plain HTTP could answer", () => {
    assert.equal(
      faultOf({ flags: { ...pair, issuer: "http://localhost:8080" } }),
      "The issuer is http://localhost:8080, but with CARNET_TLS_CERT this service serves only HTTPS: set CARNET_ISSUER, or --issuer, to the https address at which callers reach it.",
    );
  });
});
