import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { exchange, httpRequest } from "../leaks/raw-request.ts";

const type = "Content-Type: application/x-www-form-urlencoded\r\n";
const head = `POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\n${type}`;
const smuggled = "GET /oauth2/jwks HTTP/1.1\r\nHost: localhost\r\n\r\n";

/** Messages whose end two parsers can see in different places. The smuggled request must never be answered. */
const ambiguous: Readonly<Record<string, string>> = {
  "both a length and chunks": `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  "two lengths": `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef${smuggled}`,
  "a list of lengths": `${head}Content-Length: 5, 5\r\n\r\nabcde${smuggled}`,
  "a signed length": `${head}Content-Length: +5\r\n\r\nabcde${smuggled}`,
  "a length in hex": `${head}Content-Length: 0x5\r\n\r\nabcde${smuggled}`,
  "an unknown transfer coding": `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
  "chunks that are not last": `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
  "two transfer codings": `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`,
  "a chunk line that ends in a bare line feed": `${head}Transfer-Encoding: chunked\r\n\r\n5;a\nabcde\r\n0\r\n\r\n${smuggled}`,
  "a folded header": `${head}X-A: a\r\n Content-Length: 5\r\n\r\nabcde${smuggled}`,
  "a space before a colon": `${head}Content-Length : 5\r\n\r\nabcde${smuggled}`,
  "a NUL in a header": `${head}X-A: a\0b\r\n\r\n${smuggled}`,
  "a carriage return in a header": `${head}X-A: a\rContent-Length: 5\r\n\r\n${smuggled}`,
  "bare line feeds": `${head.replaceAll("\r\n", "\n")}Content-Length: 0\n\n${smuggled}`,
  "the HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

/** For each case, the request and its expected status. */
const requests: Readonly<Record<string, readonly [requestFor: (form: string, id: string) => string, status: number]>> =
  {
    "two Hosts": [(body) => httpRequest({ headers: { Host: "a\r\nHost: b" }, body }), 400],
    "two Content-Types": [(body) => httpRequest({ headers: { "Content-type": "application/json" }, body }), 400],
    "two X-Versions": [
      (body) => httpRequest({ headers: { "X-Version": "2026-01-01\r\nX-Version: 2022-01-01" }, body }),
      400,
    ],
    "a URL with another host": [(body) => httpRequest({ target: "http://other/oauth2/token", body }), 200],
    "a URL with credentials": [
      (body) => httpRequest({ target: "http://other/oauth2/token?client_secret=x", body }),
      400,
    ],
    "an escaped name in the query": [(body) => httpRequest({ target: "/oauth2/token?client%5Fsecret=x", body }), 400],
    "a slash after the path": [(body) => httpRequest({ target: "/oauth2/token/", body }), 404],
    "the path in upper case": [(body) => httpRequest({ target: "/OAUTH2/TOKEN", body }), 404],
    "two slashes in the path": [(body) => httpRequest({ target: "//oauth2/token", body }), 404],
    "an escaped slash in the path": [(body) => httpRequest({ target: "/oauth2%2Ftoken", body }), 404],
    "dots in the path": [(body) => httpRequest({ target: "/iam/v1/../../oauth2/token", body }), 404],
    "an overriding method": [(body) => httpRequest({ headers: { "X-HTTP-Method-Override": "GET" }, body }), 200],
    "an upgrade": [(body) => httpRequest({ headers: { Connection: "Upgrade, close", Upgrade: "h2c" }, body }), 200],
    "names of object properties": [
      (form) => httpRequest({ body: `__proto__=x&constructor=x&toString=x&${form}` }),
      200,
    ],
    "a NUL after the client id": [(form, id) => httpRequest({ body: form.replace(id, `${id}%00`) }), 401],
    "a space after the client id": [(form, id) => httpRequest({ body: form.replace(id, `${id}+`) }), 401],
    "the client id in upper case": [(form, id) => httpRequest({ body: form.replace(id, id.toUpperCase()) }), 401],
    "the client id in look-alike characters": [
      (form, id) => httpRequest({ body: form.replace(id, encodeURIComponent(fullWidth(id))) }),
      401,
    ],
    "an overlong NUL": [(form, id) => httpRequest({ body: form.replace(id, `%C0%80${id}`) }), 400],
    "an encoded surrogate": [(form, id) => httpRequest({ body: form.replace(id, `%ED%A0%80${id}`) }), 400],
    "64 KiB of separators": [() => httpRequest({ body: "&".repeat(65_536) }), 400],
    "more than 64 KiB": [() => httpRequest({ body: "&".repeat(65_537) }), 413],
    "thousands of parameters": [(form) => httpRequest({ body: `${"a&".repeat(30_000)}${form}` }), 200],
    "thousands of scopes": [(form) => httpRequest({ body: `${form}&scope=a+${"b+".repeat(30_000)}` }), 200],
    "Basic with the colon escaped": [(_form, id) => basic(`${id}%3Ax`), 401],
    "Basic credentials of only colons": [() => basic(":::::"), 401],
    TRACE: [() => httpRequest({ method: "TRACE" }), 405],
    HEAD: [() => httpRequest({ method: "HEAD" }), 405],
  };

const fullWidth = (id: string) => [...id].map((char) => String.fromCodePoint(char.charCodeAt(0) + 0xfee0)).join("");

const basic = (credentials: string) =>
  httpRequest({ headers: { Authorization: `Basic ${btoa(credentials)}` }, body: "grant_type=client_credentials" });

suite("A service under attack", () => {
  let service: TestService | undefined;
  let id = "";
  let form = "";
  before(async () => {
    service = await startTestService();
    const client = await service.register({ client_id: "abcdef", scope: "a" });
    id = client.clientId;
    form = `grant_type=client_credentials&client_id=${id}&client_secret=${client.clientSecret}`;
  });
  after(() => service?.[Symbol.asyncDispose]());

  for (const [kind, message] of Object.entries(ambiguous)) {
    test(`answers a message with ${kind} once, with 400, and closes the connection`, async () => {
      const answer = await exchange(service?.url ?? "", message);
      assert.deepEqual(answer.match(/^HTTP\/1\.1 \d+/gm), ["HTTP/1.1 400"]);
      assert.match(answer, /\{"error":"invalid_request","error_description":"[^"]+"\}$/);
    });
  }

  for (const [kind, [requestFor, status]] of Object.entries(requests)) {
    test(`answers a request with ${kind} with ${status}`, async () => {
      const answer = await exchange(service?.url ?? "", requestFor(form, id));
      assert.deepEqual(answer.match(/^HTTP\/1\.1 \d+/gm), [`HTTP/1.1 ${status}`]);
    });
  }
});
