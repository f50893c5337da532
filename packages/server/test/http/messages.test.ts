import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect, Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import { sendBytes, sendRaw } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";

const secret = "planted-secret-0123456789";
const form = "application/x-www-form-urlencoded";
const body = `grant_type=client_credentials&client_id=app&client_secret=${secret}`;

/** The service's end of the next connection. */
const acceptedSocket = (): Promise<Socket> =>
  new Promise((resolve) => {
    const channel = "net.server.socket";
    subscribe(channel, function accept(message) {
      unsubscribe(channel, accept);
      if (message instanceof Object && "socket" in message && message.socket instanceof Socket) resolve(message.socket);
    });
  });

suite("An HTTP message", () => {
  let service: TestService;
  before(async () => {
    service = await startTestService();
    await service.register({ client_id: "app", client_secret: secret, scope: "file:read" });
  });
  after(() => service[Symbol.asyncDispose]());

  const post = (lines: readonly string[] = [], start = "POST /oauth2/token HTTP/1.1") =>
    [start, "Host: x", `Content-Type: ${form}`, `Content-Length: ${body.length}`, ...lines, "", body].join("\r\n");
  const last = ["Connection: close"];
  const send = async (path: string, headers: Record<string, string>, sent: string | Uint8Array = body) =>
    sendRaw(service.url, { method: "POST", path, headers: { "Content-Type": form, ...headers }, body: sent });

  /** Asserts what every refusal must have, including those of the HTTP parser before the service sees the request. */
  function assertRefused(answer: string, status: number): void {
    const [head = "", content = ""] = answer.split("\r\n\r\n");
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), answer);
    assert.match(head, /^content-type: application\/json;charset=UTF-8$/im);
    assert.match(head, /^cache-control: no-store$/im);
    assert.match(head, /^x-request-id: [\x21-\x7e]{1,128}$/im);
    const { error, error_description: description } = JSON.parse(content);
    assert.equal(error, "invalid_request");
    assert.match(description, /^[\x20-\x7e]+$/);
    assert.ok(!answer.includes(secret));
  }

  test("with a generated secret as its X-Request-ID gets another one, because request ids are recorded", async () => {
    const planted = "carnet_g63jg92k2hhxpx5h_yzRMiJrAndeoNUQPyb3x034JHVnTJ3JLqOdFdxJCEiI_3HzjM4";
    const visible = planted.slice(0, 24);
    for (const id of [planted, `nightly-${planted}`, planted.slice(0, 40), visible]) {
      const answer = JSON.stringify(await send("/oauth2/token", { "X-Request-ID": id }));
      assert.match(answer, /x-request-id/i);
      assert.equal(answer.includes(id), id === visible, id);
    }
    assert.ok(!JSON.stringify([service.journal(), service.log]).includes(planted.slice(0, 30)));
  });

  test("of HTTP/1.0 gets a response", async () => {
    assert.match(await sendBytes(service.url, post([], "POST /oauth2/token HTTP/1.0")), /^HTTP\/1\.1 200 /);
  });

  for (const [title, target, status] of [
    [
      "with an absolute URL as its target gets a token [RFC9112 §3.2.2]",
      "http://iam.example.test/oauth2/token?x=1",
      200,
    ],
    ["with a needless escape in the token path gets a token [RFC3986 §2.3]", "/oauth2/t%6Fken", 200],
    [
      "with an absolute URL that only ends in the token path gets 404",
      "http://iam.example.test/nope/oauth2/token",
      404,
    ],
    ["with the path in capitals gets 404", "/OAUTH2/TOKEN", 404],
    ["with an invalid escape in its path is refused", "/oauth2/token%", 400],
    ["with a needless escape in an admin path gets 404", "/%61dmin/v1/clients", 404],
    ["with a needless escape at the end of an admin path gets 404", "/admin/v1/clients/a%2Db", 404],
    ["with a necessary escape in an admin path reaches the admin API", "/admin/v1/clients/a%2Fb/disable", 401],
    ["with a needless escape in another path gets 404", "http://iam.example.test/health/%6Cive", 404],
  ] as const) {
    test(title, async () => {
      const answer = await sendBytes(service.url, post(last, `POST ${target} HTTP/1.1`));
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), answer);
    });
  }

  test("with another method for the token path gets 405 for every form of the target", async () => {
    for (const target of ["/oauth2/token", "http://iam.example.test/oauth2/token", "/oauth2/t%6Fken"]) {
      const answer = await sendBytes(service.url, post(last, `PUT ${target} HTTP/1.1`));
      assert.match(answer, /^HTTP\/1\.1 405 /);
      assert.match(answer, /^allow: POST$/im);
    }
  });

  test("of HTTP/1.1 without a Host is refused in JSON [RFC9112 §3.2]", async () => {
    assertRefused(await sendBytes(service.url, post(last).replace("Host: x\r\n", "")), 400);
  });

  for (const [kind = "", bytes = "", clause = ""] of [
    ["that is not HTTP", "hello\r\n\r\n"],
    ["with the method CONNECT", "CONNECT iam.example.test:443 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["with an unknown method", "BREW /oauth2/token HTTP/1.1\r\nHost: x\r\n\r\n"],
    [
      "with a length and a transfer encoding",
      `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["with two lengths", `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc`],
    [
      "with a length that is not a number",
      `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: three\r\n\r\nabc`,
    ],
    ["with a NUL in a header", `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nX: ${secret}\0\r\n\r\n`],
    ["with a folded header", `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nX: a\r\n ${secret}\r\n\r\n`],
    [
      "with a transfer coding besides chunked",
      "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      " [RFC9112 §6.1]",
    ],
    [
      "with such a transfer coding on another path",
      "GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      " [RFC9112 §6.1]",
    ],
    [
      "of HTTP/1.0 with a transfer coding",
      "POST /oauth2/token HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      " [RFC9112 §6.1]",
    ],
    ["of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ]) {
    test(`${kind} is refused in JSON, and the connection is closed${clause}`, async () => {
      assertRefused(await sendBytes(service.url, Buffer.from(bytes, "latin1")), 400);
    });
  }

  test("with more than 16 KiB of headers is refused with 431 in JSON [RFC6585 §5]", async () => {
    assertRefused(await sendBytes(service.url, post([`X: ${"a".repeat(17_000)}`])), 431);
  });

  test("that expects 100-continue gets 100 and then its response [RFC9110 §10.1.1]", async () => {
    const answer = await sendBytes(service.url, post(["Expect: 100-continue", ...last]));
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  test("with another expectation is handled as if it had none [RFC9110 §10.1.1]", async () => {
    assert.match(await sendBytes(service.url, post(["Expect: miracles", ...last])), /^HTTP\/1\.1 200 OK\r\n/);
  });

  test("that offers an upgrade to HTTP/2 gets its response over HTTP/1.1 [RFC9110 §7.8]", async () => {
    const lines = ["Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"];
    assert.match(await sendBytes(service.url, post(lines)), /^HTTP\/1\.1 200 OK\r\n/);
  });

  test("may be pipelined after another, and each gets its own response [RFC9112 §9.3.2]", async () => {
    const second = post(last, "POST /iam/v1/oauth2/token HTTP/1.1");
    const answer = await sendBytes(
      service.url,
      post(["X-Request-ID: one"]) + second.replace("Host: x", "Host: x\r\nX-Request-ID: two"),
    );
    const [first = "", next = ""] = answer.split(/(?<=})(?=HTTP)/);
    assert.match(first, /^HTTP\/1\.1 200 [\s\S]*x-request-id: one\r\n[\s\S]*x-version: 2026-01-01/i);
    assert.match(next, /^HTTP\/1\.1 200 [\s\S]*x-request-id: two\r\n[\s\S]*x-version: 2022-01-01/i);
  });

  test("with a chunked body is read whole [RFC9112 §7.1]", async () => {
    const chunks = [body.slice(0, 10), body.slice(10)].map(
      (chunk) => `${chunk.length.toString(16)};ext=1\r\n${chunk}\r\n`,
    );
    const head = `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${form}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    assert.match(await sendBytes(service.url, `${head}${chunks.join("")}0\r\n\r\n`), /^HTTP\/1\.1 200 /);
  });

  test("with a body of exactly 64 KiB is accepted, and with one byte more is refused with 413", async () => {
    const padded = `${body}&x=`.padEnd(65_536, "a");
    assert.equal((await send("/oauth2/token", {}, padded)).status, 200);
    const refused = await send("/oauth2/token", {}, `${padded}a`);
    assert.equal(refused.status, 413);
    assert.equal(JSON.parse(refused.body).error, "invalid_request");
    assert.match(JSON.parse(refused.body).error_description, /64 KiB/);
  });

  test("with a chunked body over 64 KiB is refused with 413 before its end", async () => {
    const head = `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${form}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    assertRefused(await sendBytes(service.url, `${head}${(70_000).toString(16)}\r\n${"a".repeat(70_000)}`), 413);
  });

  test("over the limit on the deprecated path gets its version and deprecation headers", async () => {
    const { status, headers } = await send("/iam/v1/oauth2/token", {}, "a".repeat(70_000));
    assert.equal(status, 413);
    assert.equal(headers["x-version"], "2022-01-01");
    assert.equal(headers["deprecation"], "@1770854400");
  });

  test("to an unknown path gets 404 without its body being read", async () => {
    assert.equal((await send("/nope", {}, "a".repeat(70_000))).status, 404);
  });

  test("with a compressed body is refused, and the description says to send it uncompressed", async () => {
    const refused = await send("/oauth2/token", { "Content-Encoding": "gzip" }, gzipSync(body));
    assert.equal(refused.status, 400);
    assert.match(JSON.parse(refused.body).error_description, /not compressed/);
  });

  test("that its caller aborts is recorded with the address, and does not affect the service", async () => {
    const { port, hostname } = new URL(service.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(post(["X-Request-ID: hung-up"]).slice(0, -10), () => socket.destroy());
      });
      socket.on("close", () => resolve());
    });
    const record = () => service.journal().find(({ request_id }) => request_id === "hung-up");
    for (let asked = 0; asked < 100 && record() === undefined; asked++) {
      assert.equal((await send("/oauth2/token", {})).status, 200);
    }
    const found = record();
    assert.deepEqual([found?.event, found?.["reason"], found?.["address"]], ["token_refused", "bad_http", "127.0.0.1"]);
  });

  test("that is refused has its connection closed even when the caller keeps it open", {
    timeout: 10_000,
  }, async () => {
    const { port, hostname } = new URL(service.url);
    const accepted = acceptedSocket();
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }).resume();
    socket.write("no HTTP\r\n\r\n");
    await Promise.all([once(socket, "end"), once(await accepted, "close")]);
    socket.destroy();
  });

  for (const [kind, broken] of [
    ["that is not HTTP", "hello\r\n\r\n"],
    ["whose body is broken", post().replace(/Content-Length.*/s, "Transfer-Encoding: chunked\r\n\r\nno size\r\n")],
  ] as const) {
    test(`${kind} after a good request leaves that request its response`, async () => {
      const answers = await sendBytes(service.url, `${post(["X-Request-ID: good"])}${broken}`);
      assert.deepEqual(answers.match(/^HTTP\/1\.1 \d+|^x-request-id: .*(?=\r)/gim), [
        "HTTP/1.1 200",
        "X-Request-ID: good",
      ]);
    });
  }

  test("without a valid request id gets a new one", async () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    const given = ["r".repeat(129), "a b", "a\tb", "\u00e9", ""];
    const seen = new Set<unknown>();
    for (const id of [undefined, ...given]) {
      const { headers } = await send("/oauth2/token", id === undefined ? {} : { "X-Request-ID": id });
      assert.match(String(headers["x-request-id"]), uuid, JSON.stringify(id));
      seen.add(headers["x-request-id"]);
    }
    assert.equal(seen.size, 6);
    const twice = await sendRaw(service.url, {
      method: "GET",
      path: "/health/live",
      headers: { "X-Request-ID": ["a", "b"] },
    });
    assert.match(String(twice.headers["x-request-id"]), uuid);
  });

  test("is recorded with its request id, and without its query and secrets", async () => {
    await send(`/oauth2/token?client_secret=${secret}`, { "X-Request-ID": "find-me" });
    await send(`/nope?client_secret=${secret}`, {});
    await send(`/%zz?client_secret=${secret}`, {});
    assert.ok(service.journal().some(({ request_id }) => request_id === "find-me"));
    assert.ok(!JSON.stringify(service.journal()).includes(secret));
    assert.deepEqual(
      service.log.filter((line) => line.includes(secret)),
      [],
    );
  });
});
