import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { settings } from "@carnet/server/configuration/settings";
import { faultOf, folder, key, load } from "./support/load.ts";

suite("The master key", () => {
  test("is read from the environment, in either base64 alphabet, with or without padding", () => {
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

  test("is refused when it is invalid, and never repeated", () => {
    for (const text of [
      "",
      "hunter2hunter2",
      Buffer.alloc(31, 7).toString("base64"),
      Buffer.alloc(33, 7).toString("base64"),
      `${key}x`,
      key.replace("B", "!"),
    ]) {
      const fault = faultOf({ environment: { CARNET_MASTER_KEY: text } });
      assert.match(fault, /CARNET_MASTER_KEY.*Accepted: 32 bytes in base64\.$/);
      assert.ok(text === "" || !fault.includes(text), fault);
    }
  });

  test("has no flag and no file setting, because every user of the machine might read those", () => {
    assert.equal(settings.masterKey.flag, undefined);
    assert.match(faultOf({ file: `masterKey: ${key}` }), /"masterKey" of the file .* is not known/);
    assert.ok(!faultOf({ file: `masterKey: ${key}` }).includes(key));
  });

  test("is not printed with the configuration", () => {
    const configuration = load({ environment: { CARNET_MASTER_KEY: key } });
    for (const shown of [inspect(configuration, { depth: 9, showHidden: true }), JSON.stringify(configuration)])
      assert.ok(!shown.includes(key));
  });
});

suite("The configuration", () => {
  test("prefers flags over environment, environment over file, and file over defaults", () => {
    const flags = { port: "1" };
    const environment = { CARNET_PORT: "2" };
    const file = "port: 3";
    assert.equal(load({ flags, environment, file }).port, 1);
    assert.equal(load({ environment, file }).port, 2);
    assert.equal(load({ file }).port, 3);
    assert.equal(load({}).port, 8080);
  });

  test("has the defaults of the contract for each mode", () => {
    assert.deepEqual(load({}), {
      host: "localhost",
      port: 8080,
      workers: undefined,
      managementHost: "127.0.0.1",
      managementPort: undefined,
      tracing: undefined,
      issuer: "http://localhost:8080",
      audience: "http://localhost:8080",
      dataDir: ".carnet",
      store: { kind: "sqlite", path: ".carnet/carnet.db" },
      storePasswordFile: undefined,
      storeConnections: 10,
      masterKey: undefined,
      masterKeyFile: undefined,
      masterKeyCommand: undefined,
      adminFile: ".carnet/admin.json",
      contact: "a platform admin",
      node: hostname(),
      journal: ".carnet/journal",
      journalSync: "second",
      journalFull: "refuse",
      journalFileSize: 64 * 1024 ** 2,
      journalMaxSize: 10 * 1024 ** 3,
      auditMaxAge: 400,
      refusalsMaxRows: 100_000,
      refusalsMaxAge: 7,
      webhookUrl: undefined,
      webhookSecret: undefined,
      accessTokenTtl: 600,
      revocationFeed: "public",
      signingAlgorithm: "ES256",
      audienceAlgorithms: new Map(),
      keyRotation: 90 * 86_400_000,
      jwksMaxAge: 300_000,
      scopeCatalogue: "closed",
      sunsetAt: Date.UTC(2029, 0, 31),
      storeTimeout: 5000,
      storeGrace: 900_000,
      drainTimeout: 9000,
      tls: undefined,
      trustedProxies: [],
      logLevel: "info",
    });
    const served = load({ mode: "serve", environment: { CARNET_ISSUER: "https://iam.example.test" } });
    assert.equal(served.host, "0.0.0.0");
    assert.equal(served.logLevel, "info");
    assert.equal(served.audience, "https://iam.example.test");
  });

  test("puts the store and the admin file in the data folder, unless they are named", () => {
    const dataDir = "/var/lib/carnet";
    const { store, adminFile } = load({ flags: { dataDir } });
    assert.deepEqual(
      { store, adminFile },
      { store: { kind: "sqlite", path: `${dataDir}/carnet.db` }, adminFile: `${dataDir}/admin.json` },
    );
    const elsewhere = load({ flags: { store: "sqlite:/elsewhere/x.db" } });
    assert.equal(elsewhere.adminFile, ".carnet/admin.json");
    assert.equal(elsewhere.journal, ".carnet/journal");
    assert.equal(load({ flags: { dataDir, adminFile: "/run/a.json" } }).adminFile, "/run/a.json");
  });

  test("of carnet serve requires an issuer, and the message says how to set it", () => {
    assert.match(faultOf({ mode: "serve" }), /^CARNET_ISSUER is not set: .*--issuer.*Accepted: an https URL/);
  });

  test("is frozen", () => {
    assert.ok(Object.isFrozen(load({})));
  });

  test("refuses an unknown CARNET_ variable, and ignores those of the SDK and the CLI", () => {
    const fault = faultOf({ environment: { CARNET_PROT: "planted-value" } });
    assert.match(
      fault,
      /^The environment variable CARNET_PROT is not known\. Did you mean CARNET_PORT\? Unset it, or use one of .*CARNET_PORT/,
    );
    assert.ok(!fault.includes("planted-value"));
    assert.equal(
      load({ environment: { CARNET_CLIENT_SECRET: "x", CARNET_REGION: "eu", PATH: "/bin", carnet_port: "x" } }).port,
      8080,
    );
  });

  test("ignores every variable of the examples", () => {
    const folder = new URL("../../../../examples/", import.meta.url);
    const texts = globSync("**/*.{ts,py}", { cwd: folder }).map((file) => readFileSync(new URL(file, folder), "utf8"));
    const names = new Set(texts.flatMap((text) => text.match(/CARNET_\w*[A-Z]/g) ?? []));
    assert.ok(names.has("CARNET_CLIENT_SECRET_FILE"));
    const own = Object.values(settings).map(({ environment }) => environment as string);
    for (const name of names) if (!own.includes(name)) assert.equal(load({ environment: { [name]: "x" } }).port, 8080);
  });

  test("refuses an unknown setting in the file, and lists the known ones", () => {
    assert.match(
      faultOf({ file: "prot: 1" }),
      /"prot" of the file .*carnet\.yaml is not known\. Did you mean port\? Accepted: .*port/,
    );
  });

  for (const [content, file] of [
    ["no YAML", "port: [1"],
    ["a list", "- port"],
    ["a word", "planted"],
    ["a setting that is a list", "port: [1]"],
    ["a setting that is a truth value", "host: true"],
    ["a setting twice", "port: 1\nport: 2"],
  ] as const) {
    test(`refuses a file with ${content}, with its name but not its content`, () => {
      const fault = faultOf({ file: `${file}` });
      assert.ok(fault.includes(join(folder, "carnet.yaml")), fault);
      assert.ok(!fault.includes("planted"), fault);
    });
  }

  test("refuses a missing file", () => {
    const file = join(folder, "none.yaml");
    assert.throws(
      () => loadConfiguration({ mode: "dev", flags: {}, environment: {}, file }),
      /none\.yaml cannot be read/,
    );
  });

  test("accepts an empty file as one without settings", () => {
    assert.equal(load({ file: "" }).port, 8080);
    assert.equal(load({ file: "# nothing\n" }).port, 8080);
  });

  test("never repeats a password in a URL that it refuses", () => {
    for (const url of [
      "postgres://app:planted@db:port/carnet",
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
        assert.match(fault, /has an invalid value: "postgres:/);
      }
    }
  });
});
