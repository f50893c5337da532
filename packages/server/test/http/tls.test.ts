import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { chmodSync, cpSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { mock, suite, test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/tls");
const ca = [readFileSync(join(fixtures, "ca.pem")), readFileSync(join(fixtures, "other/server.pem"))];

/** A folder with a copy of a pair, whose key only its owner can read. */
async function pairFolder() {
  const folder = await temporaryFolder();
  const put = (name: "." | "other"): void => {
    for (const file of ["server.pem", "server.key"]) cpSync(join(fixtures, name, file), folder.file(file));
    chmodSync(folder.file("server.key"), 0o600);
  };
  put(".");
  const settings = { tlsCert: folder.file("server.pem"), tlsKey: folder.file("server.key") };
  return { folder, put, settings };
}

const startOverTls = (settings: Readonly<Record<string, string>>, host = "127.0.0.1"): Promise<TestService> =>
  startTestService({ settings: { issuer: "https://localhost", host, ...settings } });

const portOf = ({ url }: TestService): number => Number(new URL(url).port);

async function handshake(service: TestService, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port: portOf(service), host: "127.0.0.1", servername: "localhost", ca, ...options });
  await once(socket, "secureConnect");
  return socket;
}

/** The serial number of the certificate that a new connection gets. */
async function servedSerial(service: TestService): Promise<string> {
  const socket = await handshake(service);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function statusOf(service: TestService, path = "/health/ready"): Promise<number | undefined> {
  const sent = request({ port: portOf(service), host: "127.0.0.1", servername: "localhost", ca, path, agent: false });
  const [response] = await once(sent.end(), "response");
  response.resume();
  return response.statusCode;
}

const countOf = (service: TestService, event: string): number =>
  service.log.filter((line) => line.includes(`"${event}"`)).length;

suite("A listener with a certificate", () => {
  test("serves HTTPS with TLS 1.2 and 1.3, and nothing older [RFC9325 §3.1.1]", async () => {
    const { folder, settings } = await pairFolder();
    await using _ = folder;
    await using service = await startOverTls(settings);
    assert.match(service.url, /^https:\/\/127\.0\.0\.1:/);
    assert.equal(await statusOf(service), 200);
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const socket = await handshake(service, { minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
      socket.destroy();
    }
    await assert.rejects(
      handshake(service, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" }),
      {
        code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
      },
    );
  });

  test("closes a connection that speaks plain HTTP, and goes on", async () => {
    const { folder, settings } = await pairFolder();
    await using _ = folder;
    await using service = await startOverTls(settings);
    const socket = connectPlain(portOf(service), "127.0.0.1");
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => (received += text));
    socket.write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "close");
    assert.ok(!received.includes("HTTP/1.1"));
    assert.equal(await statusOf(service), 200);
  });

  test("serves both addresses of localhost", async () => {
    const { folder, settings } = await pairFolder();
    await using _ = folder;
    await using service = await startOverTls(settings, "localhost");
    const socket = await handshake(service, { host: "::1" });
    assert.equal(socket.authorized, true);
    socket.destroy();
    assert.equal(await statusOf(service), 200);
  });

  test("bounds the connections of an address, those in a handshake included", async () => {
    const { folder, settings } = await pairFolder();
    await using _ = folder;
    await using service = await startOverTls(settings);
    const silent = Array.from({ length: 600 }, () => connectPlain(portOf(service), "127.0.0.1"));
    await Promise.race(silent.map((socket) => once(socket.on("error", () => {}).resume(), "close")));
    assert.equal(await statusOf(service), 200);
    for (const socket of silent) socket.destroy();
  });

  test("bounds the unanswered requests of a connection", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const { folder, settings } = await pairFolder();
      await using _ = folder;
      await using service = await startOverTls(settings);
      const socket = await handshake(service);
      const closed = once(socket.on("error", () => {}).resume(), "close");
      socket.write("GET /docs/reader.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100));
      await closed;
      mock.timers.tick(5000);
      assert.match(service.log.join(""), /"pipelined":1,/);
      assert.equal(await statusOf(service), 200);
    } finally {
      mock.timers.reset();
    }
  });

  test("stops at once, although a connection never finishes its handshake", async () => {
    const { folder, settings } = await pairFolder();
    await using _ = folder;
    await using service = await startOverTls({ ...settings, drainTimeout: "600s" });
    const silent = connectPlain(portOf(service), "127.0.0.1").on("error", () => {});
    await once(silent, "connect");
    assert.equal(await statusOf(service), 200); // the service has accepted the silent connection
    const before = performance.now();
    await service.server.close();
    assert.ok(performance.now() - before < 5000, "it waited for the handshake timeout");
    silent.destroy();
  });
});

suite("A certificate that changes while the service runs", { concurrency: false }, () => {
  test("is used for new connections, even when Kubernetes swaps a symbolic link", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const { folder } = await pairFolder();
      await using _ = folder;
      cpSync(fixtures, folder.file("first"), { recursive: true });
      cpSync(join(fixtures, "other"), folder.file("second"), { recursive: true });
      for (const name of ["first", "second"]) chmodSync(folder.file(`${name}/server.key`), 0o600);
      symlinkSync(folder.file("first"), folder.file("data"));
      await using service = await startOverTls({
        tlsCert: folder.file("data/server.pem"),
        tlsKey: folder.file("data/server.key"),
      });
      const open = await handshake(service);
      const old = open.getPeerCertificate().serialNumber;
      symlinkSync(folder.file("second"), folder.file("next"));
      renameSync(folder.file("next"), folder.file("data"));
      assert.equal(await servedSerial(service), old);
      mock.timers.tick(5000);
      assert.notEqual(await servedSerial(service), old);
      assert.equal(await statusOf(service), 200);
      open.write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.match(String(await once(open, "data")), /^HTTP\/1\.1 200 /);
      open.destroy();
      await assert.rejects(
        handshake(service, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" }),
      );
    } finally {
      mock.timers.reset();
    }
  });

  test("is in the metrics with its end", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const { folder, put, settings } = await pairFolder();
      await using _ = folder;
      const managementPort = await freePort();
      await using _service = await startOverTls({ ...settings, managementPort: String(managementPort) });
      const exposed = async (): Promise<number> => {
        const text = await (await fetch(`http://127.0.0.1:${managementPort}/metrics`)).text();
        return Number(/^carnet_tls_certificate_expiry_timestamp_seconds (\S+)$/m.exec(text)?.[1]);
      };
      const endOf = (file: string): number =>
        new X509Certificate(readFileSync(join(fixtures, file))).validToDate.getTime() / 1000;
      assert.equal(await exposed(), endOf("server.pem"));
      put("other");
      mock.timers.tick(5000);
      assert.equal(await exposed(), endOf("other/server.pem"));
      assert.notEqual(endOf("other/server.pem"), endOf("server.pem"));
    } finally {
      mock.timers.reset();
    }
  });

  test("stays in use while the new pair is broken, which is logged once", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const { folder, put, settings } = await pairFolder();
      await using _ = folder;
      await using service = await startOverTls(settings);
      const old = await servedSerial(service);
      cpSync(join(fixtures, "other/server.pem"), folder.file("server.pem")); // its key has not arrived yet
      for (let check = 0; check < 3; check++) {
        mock.timers.tick(5000);
        assert.equal(await servedSerial(service), old);
      }
      assert.equal(countOf(service, "tls_certificate_not_loaded"), 1);
      rmSync(folder.file("server.key"));
      mock.timers.tick(5000);
      assert.equal(countOf(service, "tls_certificate_not_loaded"), 2);
      assert.equal(await servedSerial(service), old);
      put("other");
      mock.timers.tick(5000);
      assert.notEqual(await servedSerial(service), old);
      assert.ok(!service.log.some((line) => line.includes("PRIVATE KEY")));
    } finally {
      mock.timers.reset();
    }
  });
});

suite("A service does not start", () => {
  test("with a private key that every user can read, and says how to close it", async () => {
    const { folder, settings } = await pairFolder();
    await using _ = folder;
    chmodSync(settings.tlsKey, 0o644);
    await assert.rejects(startOverTls(settings), {
      name: "OperatorFault",
      message: `The file ${settings.tlsKey} can be read by other users (mode 0644): run \`chmod g-w,o-rwx ${settings.tlsKey}\`.`,
    });
    chmodSync(settings.tlsKey, 0o440); // as Kubernetes mounts a secret with `fsGroup` and `defaultMode: 0440`
    await using service = await startOverTls(settings);
    assert.equal(await statusOf(service), 200);
  });

  test("with a pair that does not belong together, or with files that are missing or hold something else", async () => {
    const { folder, settings } = await pairFolder();
    await using _ = folder;
    const refuses = (message: RegExp) => assert.rejects(startOverTls(settings), { name: "OperatorFault", message });
    writeFileSync(settings.tlsKey, readFileSync(join(fixtures, "other/server.key"))); // keeps the mode
    await refuses(/cannot be used together \(ERR_OSSL_X509_KEY_VALUES_MISMATCH\): put a PEM certificate/);
    writeFileSync(settings.tlsKey, "PLANTED");
    await refuses(/^(?!.*PLANTED).* cannot be used together/);
    rmSync(settings.tlsKey);
    await refuses(/^The private key of TLS cannot be read \(ENOENT\): set CARNET_TLS_KEY to the path/);
    rmSync(settings.tlsCert);
    await refuses(/^The certificate of TLS cannot be read \(ENOENT\): set CARNET_TLS_CERT to the path/);
  });
});

test("a certificate that has expired is served with a warning, because the clock may be wrong", async () => {
  const { folder, settings } = await pairFolder();
  await using _ = folder;
  await using service = await startTestService({
    clock: { now: () => Date.UTC(2200, 0) },
    settings: { issuer: "https://localhost", ...settings },
  });
  assert.equal(countOf(service, "tls_certificate_not_valid_now"), 1);
  assert.equal(await statusOf(service, "/health/live"), 200);
});
