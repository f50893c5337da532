import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { type SettingName, settings } from "@carnet/server/configuration/settings";
import { OperatorFault } from "@carnet/server/fault";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertStopsWith } from "./support/stops-with.ts";
import { contentsOf } from "./support/store-files.ts";

const issuer = "https://iam.example.com";

/** For each setting, invalid values that are easy to write by mistake. */
const bad: Readonly<Record<SettingName, readonly string[]>> = {
  host: ["", "127.0.0.1:8080", "http://localhost", "a b"],
  port: ["", "0", "65536", "8e3", "0x50", " 80", "-1", "80.0"],
  workers: ["", "0", "257", "1.5", "AUTO", "max"],
  managementHost: ["", "127.0.0.1:9464", "http://localhost", "a b"],
  managementPort: ["", "0", "65536", "off"],
  issuer: ["", "iam.example.com", "http://iam.example.com", "https://iam.example.com/path", "https://a#b"],
  audience: ["", "with space", "ü", "x".repeat(256)],
  storeGrace: ["", "-1", "86400001", "25h"],
  store: ["", "sqlite:", "carnet.db", "sqlite://carnet.db", "sqlite:a\nb"],
  storePasswordFile: [""],
  storeConnections: ["", "0", "1000", "many"],
  storeTimeout: ["", "-1", "60001", "2m"],
  masterKey: ["", "short", "A".repeat(42), "A".repeat(44), "!".repeat(43)],
  dataDir: [""],
  masterKeyFile: [""],
  masterKeyCommand: ["", " "],
  adminFile: [""],
  tlsCert: [""],
  tlsKey: [""],
  contact: ["", "a\nb", "c".repeat(256)],
  node: ["", "a b", "n".repeat(64)],
  journal: [""],
  journalSync: ["", "always", "STRICT"],
  journalFull: ["", "stop", "Refuse"],
  journalFileSize: ["", "1KiB", "64 MB", "5GiB"],
  journalMaxSize: ["", "1MiB", "all"],
  auditMaxAge: ["", "0", "forever", "3661d"],
  refusalsMaxRows: ["", "999", "1e6"],
  refusalsMaxAge: ["", "0", "366d"],
  webhookUrl: ["", "http://hooks.example.com", "hooks.example.com"],
  webhookSecret: ["", "short", "whsec_AAAA"],
  accessTokenTtl: ["", "0", "86401", "2d"],
  sunsetAt: ["", "never", "2029-01-31", "2029-02-30T00:00:00Z", "2029-01-31T00:00:00"],
  drainTimeout: ["", "-1", "600001", "1h"],
  trustedProxies: ["", "10.0.0.0/33", "10.0.0.0/8 192.168.0.0/16", "proxy.example.com"],
  logLevel: ["", "INFO", "verbose"],
  revocationFeed: ["", "TOKEN", "private", "false"],
  signingAlgorithm: ["", "es256", "HS256", "none"],
  audienceAlgorithms: ["", "RS256", "https://api.example=HS256", "a=RS256,a=ES256"],
  keyRotation: ["", "23h", "0", "always"],
  jwksMaxAge: ["", "14s", "25h", "never"],
  scopeCatalogue: ["", "shut", "OPEN", "true"],
};

suite("an invalid setting", () => {
  for (const [name, values] of Object.entries(bad) as [SettingName, readonly string[]][]) {
    const { environment, flag, accepts, secret } = settings[name];

    test(`${name} stops the start with its source, its value and the accepted values`, async () => {
      await using folder = await temporaryFolder();
      const file = folder.file("carnet.json");
      for (const value of values) {
        const none = { mode: "serve", flags: {}, environment: { CARNET_ISSUER: issuer }, file: undefined } as const;
        const message = messageOf({ ...none, environment: { ...none.environment, [environment]: value } });
        const seen = secret ? "" : `: ${JSON.stringify(value)}`;
        assert.equal(
          message,
          `The environment variable ${environment} has an invalid value${seen}. Accepted: ${accepts}.`,
        );
        if (secret && value !== "") assert.ok(!message.includes(value));

        writeFileSync(file, JSON.stringify({ issuer, [name]: value }));
        const fromFile = messageOf({ ...none, environment: {}, file });
        if (secret) assert.match(fromFile, /^The setting "\w+" of the file .* is not known\./);
        else
          assert.equal(
            fromFile,
            `The setting ${name} of the file ${file} has an invalid value${seen}. Accepted: ${accepts}.`,
          );

        if (flag === undefined) continue;
        const fromFlag = messageOf({
          ...none,
          environment: { [environment]: value },
          flags: { issuer, [name]: value },
        });
        assert.equal(fromFlag, `The flag ${flag.split(" ")[0]} has an invalid value${seen}. Accepted: ${accepts}.`);
      }
    });
  }

  test("from any source stops the command, and no store is created", async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.file("bad.yaml"), "issuer: https://iam.example.com\nport: eighty\n");
    const runs: readonly (readonly [args: readonly string[], env: Record<string, string>, sentence: RegExp])[] = [
      [
        ["serve"],
        { CARNET_ISSUER: "http://a" },
        /The environment variable CARNET_ISSUER has an invalid value: "http:\/\/a"/,
      ],
      [["serve", "--config", "bad.yaml"], {}, /The setting port of the file bad\.yaml has an invalid value: "eighty"/],
      [
        ["dev"],
        { CARNET_PROT: "80" },
        /CARNET_PROT is not known\. Did you mean CARNET_PORT\? Unset it, or use one of .*CARNET_PORT/,
      ],
      [
        ["serve", "--issuer", issuer],
        { CARNET_MASTER_KEY: "hunter2" },
        /CARNET_MASTER_KEY has an invalid value\. .* 32 bytes/,
      ],
    ];
    const run = async ([args, env, sentence]: (typeof runs)[number]): Promise<void> => {
      const finished = await runCarnet(args, { cwd: folder.path, env });
      assertStopsWith(finished, sentence);
      assert.ok(!finished.stderr.includes("hunter2"));
    };
    await Promise.all(runs.map(run));
    const flag = await runCarnet(["serve", "--port", "eighty"], { cwd: folder.path });
    assert.match(
      flag.stderr,
      /^error: The flag --port has an invalid value: "eighty"\. Accepted: a whole number from 1/,
    );
    assert.equal(flag.code, 2, "a wrong flag is a usage error");
    assert.deepEqual(Object.keys(contentsOf(folder.path)), ["bad.yaml"]);
  });
});

suite("a configuration file", () => {
  const cases: readonly (readonly [title: string, text: string | undefined, sentence: RegExp])[] = [
    ["that is missing", undefined, /cannot be read \(ENOENT\): give the path of a file with one mapping/],
    ["that is not YAML", "port: 80\nhost: [\n", /is not valid YAML or JSON \(line \d\): give/],
    ["with a setting twice", "port: 80\nport: 81\n", /is not valid YAML or JSON \(line 2\): give/],
    ["that holds a list", "- port\n", /does not contain a mapping\. Accepted: one mapping of settings/],
    ["that holds a word", "port\n", /does not contain a mapping/],
    [
      "with an unknown setting",
      "prot: 80\n",
      /The setting "prot" of the file .* is not known\. Did you mean port\? Accepted: .*port/,
    ],
    ["with a setting without a value", "port:\n", /The setting port of the file .* is neither text nor a number/],
    [
      "with a list as a value",
      "trustedProxies: [10.0.0.0/8]\n",
      /neither text nor a number\. Accepted: address blocks/,
    ],
    [
      "with the master key",
      `masterKey: ${"A".repeat(43)}\n`,
      /"masterKey" of the file .* is not known\. Accepted: .*masterKeyFile/,
    ],
  ];
  for (const [title, text, sentence] of cases) {
    test(`${title} stops the start`, async () => {
      await using folder = await temporaryFolder();
      const file = folder.file("carnet.yaml");
      if (text !== undefined) writeFileSync(file, text);
      const message = messageOf({ mode: "dev", flags: {}, environment: {}, file });
      assert.match(message, sentence);
      assert.ok(message.includes(file) && !message.includes("A".repeat(43)));
    });
  }

  test("that is a folder stops the start", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("carnet.yaml"));
    assertStopsWith(
      await runCarnet(["dev", "--config", "carnet.yaml"], { cwd: folder.path }),
      /The configuration file carnet\.yaml cannot be read \(EISDIR\): give the path of a file/,
    );
  });

  test("that is empty has no settings", async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.file("carnet.yaml"), "# nothing yet\n");
    const file = folder.file("carnet.yaml");
    assert.equal(loadConfiguration({ mode: "dev", flags: {}, environment: {}, file }).port, 8080);
  });
});

/** The message to the operator. */
function messageOf(sources: Parameters<typeof loadConfiguration>[0]): string {
  try {
    loadConfiguration(sources);
  } catch (error) {
    assert.ok(error instanceof OperatorFault, String(error));
    return error.message;
  }
  return assert.fail(`it was accepted: ${JSON.stringify(sources)}`);
}
