import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { type SettingName, settings } from "@carnet/server/configuration/settings";
import { faultOf, folder, load } from "./support/load.ts";

/** For each setting that is neither a secret nor part of a pair: accepted values with their parsed form, and invalid values. */
const table: Readonly<
  Record<
    Exclude<SettingName, "masterKey" | "webhookUrl" | "webhookSecret" | "tlsCert" | "tlsKey">,
    { good: readonly [string, unknown][]; bad: readonly string[] }
  >
> = {
  host: {
    good: [
      ["0.0.0.0", "0.0.0.0"],
      ["::1", "::1"],
      ["localhost", "localhost"],
      ["LocalHost", "localhost"],
    ],
    bad: ["", "a b", "http://x", "[::1]"],
  },
  managementHost: { good: [["127.0.0.1", "127.0.0.1"]], bad: ["", "a b"] },
  managementPort: { good: [["9464", 9464]], bad: ["", "0", "65536", "9464.0"] },
  contact: {
    good: [["#iam on the chat", "#iam on the chat"]],
    bad: ["", "two\nlines", "x".repeat(256)],
  },
  port: {
    good: [
      ["1", 1],
      ["65535", 65_535],
    ],
    bad: ["", "0", "65536", "-1", "80.5", "0x50", "http", " 80"],
  },
  workers: {
    good: [
      ["1", 1],
      ["256", 256],
      ["auto", availableParallelism()],
    ],
    bad: ["", "0", "257", "-1", "1.5", "AUTO", "all"],
  },
  issuer: {
    good: [
      ["https://iam.example.test", "https://iam.example.test"],
      ["https://iam.example.test/", "https://iam.example.test"],
      ["https://iam.example.test:8443", "https://iam.example.test:8443"],
      ["http://localhost:8080", "http://localhost:8080"],
      ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
      ["http://[::1]:8080", "http://[::1]:8080"],
    ],
    bad: [
      "",
      "iam.example.test",
      "http://iam.example.test",
      "https://x/path",
      "https://x?a",
      "https://x#a",
      "https://u:p@x",
      "ftp://x",
      "http://127.0.0.1.evil.test",
    ],
  },
  audience: {
    good: [
      ["urn:api", "urn:api"],
      ["https://x/y", "https://x/y"],
    ],
    bad: ["", "a b", "a\n", "é", "a".repeat(256)],
  },
  store: {
    good: [
      ["sqlite:x.db", { kind: "sqlite", path: "x.db" }],
      ["sqlite:/a b/x.db", { kind: "sqlite", path: "/a b/x.db" }],
    ],
    bad: ["", "x.db", "sqlite:", "sqlite://x", "postgres://x/y", "mysql:x"],
  },
  storeGrace: {
    good: [
      ["0", 0],
      ["15m", 900_000],
      ["24h", 86_400_000],
    ],
    bad: ["-1", "25h", "2 minutes"],
  },
  storePasswordFile: { good: [["/run/secrets/password", "/run/secrets/password"]], bad: [""] },
  storeConnections: {
    good: [
      ["2", 2],
      ["100", 100],
    ],
    bad: ["", "1", "101", "ten"],
  },
  storeTimeout: {
    good: [
      ["0", 0],
      ["60000", 60_000],
      ["5s", 5000],
      ["250ms", 250],
    ],
    bad: ["", "-1", "60001", "61s", "5 s", "1.5s"],
  },
  drainTimeout: {
    good: [
      ["0", 0],
      ["600000", 600_000],
      ["9s", 9000],
      ["10m", 600_000],
    ],
    bad: ["", "-1", "600001", "11m", "1d"],
  },
  dataDir: { good: [["/var/lib/carnet", "/var/lib/carnet"]], bad: [""] },
  masterKeyFile: { good: [["/run/key", "/run/key"]], bad: [""] },
  adminFile: { good: [["/run/admin.json", "/run/admin.json"]], bad: [""] },
  accessTokenTtl: {
    good: [
      ["1", 1],
      ["86400", 86_400],
      ["10m", 600],
      ["1d", 86_400],
    ],
    bad: ["", "0", "86401", "-1", "1.5", "25h", "1500ms", "10M", "1e3"],
  },
  sunsetAt: {
    good: [
      ["2029-01-31T00:00:00Z", Date.UTC(2029, 0, 31)],
      ["2028-02-29T01:00+01:00", Date.UTC(2028, 1, 29)],
    ],
    bad: [
      "",
      "2029-01-31",
      "2029-02-31T00:00:00Z",
      "2027-02-29T00:00:00Z",
      "2029-01-31T00:00:00",
      "2029-13-01T00:00:00Z",
      "2029-01-31T25:00:00Z",
      "never",
      "1864512000",
    ],
  },
  node: {
    good: [["node-1", "node-1"]],
    bad: ["", "a b", "a/b", "n".repeat(64)],
  },
  journal: {
    good: [
      ["/var/log/carnet", "/var/log/carnet"],
      ["stdout", "stdout"],
    ],
    bad: [""],
  },
  journalSync: {
    good: [
      ["second", "second"],
      ["strict", "strict"],
    ],
    bad: ["", "STRICT", "always"],
  },
  journalFull: {
    good: [
      ["refuse", "refuse"],
      ["continue", "continue"],
    ],
    bad: ["", "stop", "Continue"],
  },
  journalFileSize: {
    good: [
      ["1MiB", 1024 ** 2],
      ["4GiB", 4 * 1024 ** 3],
    ],
    bad: ["", "1KiB", "5GiB", "1.5MiB", "-1"],
  },
  journalMaxSize: {
    good: [
      ["16MiB", 16 * 1024 ** 2],
      ["10GiB", 10 * 1024 ** 3],
    ],
    bad: ["", "15MiB", "all"],
  },
  auditMaxAge: {
    good: [
      ["1d", 1],
      ["400d", 400],
    ],
    bad: ["", "0", "3661d", "1h"],
  },
  refusalsMaxRows: {
    good: [
      ["1000", 1000],
      ["10000000", 10_000_000],
    ],
    bad: ["", "999", "10000001", "1e5"],
  },
  refusalsMaxAge: {
    good: [
      ["1d", 1],
      ["365d", 365],
    ],
    bad: ["", "0", "366d"],
  },
  trustedProxies: {
    good: [
      ["10.0.0.0/8", ["10.0.0.0/8"]],
      ["127.0.0.1, 2001:db8::/32", ["127.0.0.1/32", "2001:db8::/32"]],
    ],
    bad: ["", "true", "10.0.0.0/33", "10.0.0.0/8,", "loopback"],
  },
  logLevel: {
    good: [
      ["trace", "trace"],
      ["silent", "silent"],
    ],
    bad: ["", "INFO", "verbose"],
  },
  revocationFeed: {
    good: [
      ["public", "public"],
      ["token", "token"],
    ],
    bad: ["", "Token", "none", "true"],
  },
  scopeCatalogue: {
    good: [
      ["open", "open"],
      ["closed", "closed"],
    ],
    bad: ["", "OPEN", "true"],
  },
};

suite("Each setting", () => {
  test("has cases in this file", () => {
    assert.deepEqual(
      Object.keys(table).sort(),
      Object.keys(settings)
        .filter((name) => settings[name as SettingName].secret !== true && !name.startsWith("tls"))
        .sort(),
    );
  });

  for (const [name, { good, bad }] of Object.entries(table)) {
    const { environment, accepts, flag } = settings[name as SettingName];
    test(`${name} is read from each source`, () => {
      for (const [text, value] of good) {
        for (const sources of [
          { flags: { [name]: text } },
          { environment: { [environment]: text } },
          { file: JSON.stringify({ [name]: text }) },
        ]) {
          assert.deepEqual(new Map<string, unknown>(Object.entries(load(sources))).get(name), value, text);
        }
      }
    });

    test(`${name} is refused when it is invalid, with its name, its source and the accepted values`, () => {
      for (const text of bad) {
        const inFlag = faultOf({ flags: { [name]: text } });
        assert.ok(inFlag.includes(flag?.split(" ")[0] ?? "-"), inFlag);
        const inEnvironment = faultOf({ environment: { [environment]: text } });
        assert.ok(inEnvironment.includes(environment), inEnvironment);
        const inFile = faultOf({ file: JSON.stringify({ [name]: text }) });
        assert.ok(inFile.includes(`${name} of the file ${join(folder, "carnet.yaml")}`), inFile);
        for (const fault of [inFlag, inEnvironment, inFile]) assert.ok(fault.endsWith(`Accepted: ${accepts}.`), fault);
      }
    });
  }
});
