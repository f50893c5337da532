// The systemd unit: what it starts exists, what it sets is accepted, and it is as closed as the service allows.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { buildProgram } from "carnet/program";
import { settingsOf } from "./support/settings.ts";

const folder = join(import.meta.dirname, "../../deploy/systemd");

/** The values of each key, by section. A key can be given several times. */
function readUnit(name: string): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  const sections: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> = {};
  for (const line of readFileSync(join(folder, name), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, title, key = "", value = ""] = /^\[(\w+)\]$|^(\w+)=(.*)$/.exec(line) ?? assert.fail(`${name}: ${line}`);
    if (title === undefined) section[key] = [...(section[key] ?? []), value];
    else sections[title] = section = {};
  }
  return sections;
}

const { Unit: unit = {}, Service: service = {}, Install: install = {} } = readUnit("carnet.service");
const one = (key: string): string => service[key]?.join("|") ?? "";

suite("the systemd unit", () => {
  test("has sections that systemd knows, and is started with the machine", () => {
    assert.deepEqual(Object.keys(readUnit("carnet.service")), ["Unit", "Service", "Install"]);
    assert.deepEqual(install["WantedBy"], ["multi-user.target"]);
    assert.deepEqual(unit["StartLimitIntervalSec"], ["0"]);
  });

  test("starts a command with flags that exist", async () => {
    const [, name = "", ...flags] = one("ExecStart").split(" ");
    const command = (await buildProgram()).commands.find((candidate) => candidate.name() === name);
    for (const flag of flags.filter((word) => word.startsWith("--")))
      assert.ok(
        command?.options.some(({ long }) => long === flag),
        flag,
      );
  });

  test("does not say that the service notifies systemd, because it does not", () => {
    assert.equal(one("Type"), "exec");
    assert.equal(one("ExecReload"), "kill -HUP $MAINPID");
  });

  test("gives it the master key as a credential, and settings that it accepts", () => {
    assert.equal(one("LoadCredential"), "master-key:/etc/carnet/master.key");
    const given = (service["Environment"] ?? []).map((text) => text.split("=") as [string, string]);
    const example = readFileSync(join(folder, "carnet.env"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split("=") as [string, string]);
    settingsOf(Object.fromEntries([...given, ...example]));
    assert.ok(given.some(([name, value]) => name === "CARNET_MASTER_KEY_FILE" && value === "%d/master-key"));
  });

  test("is installed with a folder of settings that the service can read", () => {
    const page = readFileSync(join(folder, "../../docs/operate/systemd.md"), "utf8");
    assert.ok(page.includes(`install -d -m 0750 -g ${one("Group")} /etc/carnet`));
    assert.ok(page.includes(`install -m 0640 -g ${one("Group")} store-password /etc/carnet/store-password`));
  });

  test("waits for a drain before it kills, and restarts the service whenever it ends", () => {
    assert.ok(Number(one("TimeoutStopSec")) > 9);
    assert.equal(one("KillMode"), "mixed");
    assert.equal(one("Restart"), "always");
  });

  test("runs as its own user without rights on the machine", () => {
    assert.equal(one("User"), "carnet");
    for (const key of ["CapabilityBoundingSet", "AmbientCapabilities"]) assert.equal(one(key), "");
    for (const key of [
      "NoNewPrivileges",
      "ProtectHome",
      "PrivateTmp",
      "PrivateDevices",
      "ProtectKernelModules",
      "RestrictSUIDSGID",
    ])
      assert.equal(one(key), "yes", key);
    assert.equal(one("ProtectSystem"), "strict");
    assert.equal(one("StateDirectoryMode"), "0700");
    assert.match(one("SystemCallFilter"), /^@system-service\|~@privileged$/);
    assert.equal(service["MemoryDenyWriteExecute"], undefined, "the JavaScript engine needs it");
  });
});
