import { availableParallelism } from "node:os";
import type { SettingName } from "@carnet/server/configuration/settings";

/** For each setting that is neither a secret nor part of a pair: accepted values with their parsed form, and invalid values. */
export const settingCases: Readonly<
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
  masterKeyCommand: { good: [["vault read -field=key x", "vault read -field=key x"]], bad: ["", " "] },
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
  signingAlgorithm: {
    good: [
      ["ES256", "ES256"],
      ["Ed25519", "Ed25519"],
      ["ML-DSA-65", "ML-DSA-65"],
    ],
    bad: ["", "es256", "HS256", "none", "ES256 "],
  },
  audienceAlgorithms: {
    good: [
      ["https://api.example=RS256", new Map([["https://api.example", "RS256"]])],
      [
        "a=b=RS256 , urn:x=EdDSA",
        new Map([
          ["a=b", "RS256"],
          ["urn:x", "EdDSA"],
        ]),
      ],
    ],
    bad: ["", "RS256", "=RS256", "https://api.example=HS256", "a=RS256,a=ES256", "a=RS256,"],
  },
  keyRotation: {
    good: [
      ["never", null],
      ["1d", 86_400_000],
      ["90d", 90 * 86_400_000],
    ],
    bad: ["", "23h", "Never", "0", "3651d"],
  },
  jwksMaxAge: {
    good: [
      ["15s", 15_000],
      ["5m", 300_000],
      ["300", 300_000],
      ["1d", 86_400_000],
    ],
    bad: ["", "14s", "0", "25h", "never", "86401"],
  },
  scopeCatalogue: {
    good: [
      ["open", "open"],
      ["closed", "closed"],
    ],
    bad: ["", "OPEN", "true"],
  },
};
