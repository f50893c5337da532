import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { inspect } from "node:util";
import { type ConfigurationSources, loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { type SettingName, settings } from "@carnet/server/configuration/settings";
import { OperatorFault } from "@carnet/server/fault";

const folder = mkdtempSync(join(tmpdir(), "carnet-test-"));
after(() => rmSync(folder, { recursive: true }));

const key = Buffer.alloc(32, 7).toString("base64");

function load(sources: Partial<Omit<ConfigurationSources, "file">> & { file?: string }) {
  const { file: content, ...rest } = sources;
  const file = content === undefined ? undefined : join(folder, "carnet.yaml");
  if (file !== undefined) writeFileSync(file, content ?? "", { mode: 0o600 });
  return loadConfiguration({ mode: "dev", flags: {}, environment: {}, ...rest, file });
}

function faultOf(sources: Parameters<typeof load>[0]): string {
  try {
    load(sources);
  } catch (error) {
    assert.ok(error instanceof OperatorFault, inspect(error));
    assert.match(error.message, /^[^\n]+\.$/); // one sentence on one line
    return error.message;
  }
  assert.fail("the configuration was accepted");
}

/** Of each setting: values that are good with what they become, and values that are not. */
const table: Readonly<
  Record<Exclude<SettingName, "masterKey">, { good: readonly [string, unknown][]; bad: readonly string[] }>
> = {
  host: {
    good: [
      ["0.0.0.0", "0.0.0.0"],
      ["::1", "::1"],
      ["localhost", "localhost"],
    ],
    bad: ["", "a b", "http://x", "[::1]"],
  },
  port: {
    good: [
      ["1", 1],
      ["65535", 65_535],
    ],
    bad: ["", "0", "65536", "-1", "80.5", "0x50", "http", " 80"],
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
  storeTimeout: {
    good: [
      ["0", 0],
      ["60000", 60_000],
    ],
    bad: ["", "-1", "60001", "5s"],
  },
  drainTimeout: {
    good: [
      ["0", 0],
      ["600000", 600_000],
    ],
    bad: ["", "-1", "600001", "9s"],
  },
  dataDir: { good: [["/var/lib/carnet", "/var/lib/carnet"]], bad: [""] },
  masterKeyFile: { good: [["/run/key", "/run/key"]], bad: [""] },
  adminFile: { good: [["/run/admin.json", "/run/admin.json"]], bad: [""] },
  accessTokenTtl: {
    good: [
      ["1", 1],
      ["86400", 86_400],
    ],
    bad: ["", "0", "86401", "-1", "1.5", "10m", "1e3"],
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
  scopeCatalogue: {
    good: [
      ["open", "open"],
      ["closed", "closed"],
    ],
    bad: ["", "OPEN", "true"],
  },
};

suite("Each setting", () => {
  test("has cases here", () => {
    assert.deepEqual(
      Object.keys(table).sort(),
      Object.keys(settings)
        .filter((name) => name !== "masterKey")
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

    test(`${name} is refused where it is bad, by name and source, with what is accepted`, () => {
      for (const text of bad) {
        const inFlag = faultOf({ flags: { [name]: text } });
        assert.ok(inFlag.includes(flag?.split(" ")[0] ?? "-"), inFlag);
        const inEnvironment = faultOf({ environment: { [environment]: text } });
        assert.ok(inEnvironment.includes(environment), inEnvironment);
        const inFile = faultOf({ file: JSON.stringify({ [name]: text }) });
        assert.ok(inFile.includes(`${name} of the file ${join(folder, "carnet.yaml")}`), inFile);
        for (const fault of [inFlag, inEnvironment, inFile]) assert.ok(fault.endsWith(`accepted: ${accepts}.`), fault);
      }
    });
  }
});

suite("The master key", () => {
  test("is read from the environment, in either alphabet, with padding or without", () => {
    const bytes = Buffer.alloc(32, 0xfb);
    for (const text of [
      bytes.toString("base64"),
      bytes.toString("base64url"),
      `${bytes.toString("base64")}\n`,
      bytes.toString("base64").replace("=", ""),
    ]) {
      assert.deepEqual(load({ environment: { CARNET_MASTER_KEY: text } }).masterKey?.export(), bytes);
    }
  });

  test("is refused where it is bad, and not repeated", () => {
    for (const text of [
      "",
      "hunter2hunter2",
      Buffer.alloc(31, 7).toString("base64"),
      Buffer.alloc(33, 7).toString("base64"),
      `${key}x`,
      key.replace("B", "!"),
    ]) {
      const fault = faultOf({ environment: { CARNET_MASTER_KEY: text } });
      assert.match(fault, /CARNET_MASTER_KEY.*accepted: 32 bytes in base64\.$/);
      assert.ok(text === "" || !fault.includes(text), fault);
    }
  });

  test("has no flag and no place in the file, which everybody on the machine might read", () => {
    assert.equal(settings.masterKey.flag, undefined);
    assert.match(faultOf({ file: `masterKey: ${key}` }), /"masterKey" of the file .* is not known/);
    assert.ok(!faultOf({ file: `masterKey: ${key}` }).includes(key));
  });

  test("does not print with the configuration", () => {
    const configuration = load({ environment: { CARNET_MASTER_KEY: key } });
    for (const shown of [inspect(configuration, { depth: 9, showHidden: true }), JSON.stringify(configuration)])
      assert.ok(!shown.includes(key));
  });
});

suite("The configuration", () => {
  test("prefers flags to environment, environment to file, and file to defaults", () => {
    const flags = { port: "1" };
    const environment = { CARNET_PORT: "2" };
    const file = "port: 3";
    assert.equal(load({ flags, environment, file }).port, 1);
    assert.equal(load({ environment, file }).port, 2);
    assert.equal(load({ file }).port, 3);
    assert.equal(load({}).port, 8080);
  });

  test("has the defaults of the contract, by mode", () => {
    assert.deepEqual(load({}), {
      host: "127.0.0.1",
      port: 8080,
      issuer: "http://localhost:8080",
      audience: "http://localhost:8080",
      dataDir: ".carnet",
      store: { kind: "sqlite", path: ".carnet/carnet.db" },
      masterKey: undefined,
      masterKeyFile: undefined,
      adminFile: ".carnet/admin.json",
      accessTokenTtl: 600,
      scopeCatalogue: "closed",
      sunsetAt: Date.UTC(2029, 0, 31),
      storeTimeout: 5000,
      drainTimeout: 9000,
      trustedProxies: [],
      logLevel: "info",
    });
    const served = load({ mode: "serve", environment: { CARNET_ISSUER: "https://iam.example.test" } });
    assert.equal(served.host, "0.0.0.0");
    assert.equal(served.logLevel, "info");
    assert.equal(served.audience, "https://iam.example.test");
  });

  test("keeps the store and the admin file in the data folder, unless they are named", () => {
    const dataDir = "/var/lib/carnet";
    const { store, adminFile } = load({ flags: { dataDir } });
    assert.deepEqual(
      { store: store.path, adminFile },
      { store: `${dataDir}/carnet.db`, adminFile: `${dataDir}/admin.json` },
    );
    assert.equal(load({ flags: { store: "sqlite:/elsewhere/x.db" } }).adminFile, ".carnet/admin.json");
    assert.equal(load({ flags: { dataDir, adminFile: "/run/a.json" } }).adminFile, "/run/a.json");
  });

  test("of carnet serve needs an issuer, and says how to give it", () => {
    assert.match(faultOf({ mode: "serve" }), /^CARNET_ISSUER is not set: .*--issuer.*accepted: an https URL/);
  });

  test("is frozen", () => {
    assert.ok(Object.isFrozen(load({})));
  });

  test("refuses an unknown variable under its prefix, and leaves those of its other parts alone", () => {
    const fault = faultOf({ environment: { CARNET_PROT: "planted-value" } });
    assert.match(fault, /^The environment variable CARNET_PROT is not known: .*CARNET_PORT/);
    assert.ok(!fault.includes("planted-value"));
    assert.equal(
      load({ environment: { CARNET_CLIENT_SECRET: "x", CARNET_REGION: "eu", PATH: "/bin", carnet_port: "x" } }).port,
      8080,
    );
  });

  test("refuses an unknown setting of the file, and says which there are", () => {
    assert.match(faultOf({ file: "prot: 1" }), /"prot" of the file .*carnet\.yaml is not known: accepted: .*port/);
  });

  for (const [what, file] of [
    ["no YAML", "port: [1"],
    ["a list", "- port"],
    ["a word", "planted"],
    ["a setting that is a list", "port: [1]"],
    ["a setting that is a truth value", "host: true"],
    ["a setting twice", "port: 1\nport: 2"],
  ] as const) {
    test(`refuses a file with ${what}, by its name and without what it holds`, () => {
      const fault = faultOf({ file: `${file}` });
      assert.ok(fault.includes(join(folder, "carnet.yaml")), fault);
      assert.ok(!fault.includes("planted"), fault);
    });
  }

  test("refuses a file that is not there", () => {
    const file = join(folder, "none.yaml");
    assert.throws(
      () => loadConfiguration({ mode: "dev", flags: {}, environment: {}, file }),
      /none\.yaml cannot be read/,
    );
  });

  test("takes an empty file for one without settings", () => {
    assert.equal(load({ file: "" }).port, 8080);
    assert.equal(load({ file: "# nothing\n" }).port, 8080);
  });

  test("repeats no password of a URL that it refuses", () => {
    for (const url of [
      "postgres://app:planted@db/carnet",
      "postgres://app:pla/nted@db/x",
      "postgres://db/x?user=a&password=planted",
    ]) {
      for (const sources of [
        { environment: { CARNET_STORE: url } },
        { flags: { store: url } },
        { flags: { issuer: url } },
      ]) {
        const fault = faultOf(sources);
        assert.ok(!/planted|nted@/.test(fault), fault);
        assert.match(fault, /cannot be "postgres:/);
      }
    }
  });
});
