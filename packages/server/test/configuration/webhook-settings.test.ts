import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { settings } from "@carnet/server/configuration/settings";
import { OperatorFault } from "@carnet/server/fault";

const bytes = (length: number): string => Buffer.alloc(length, 255).toString("base64");

suite("The settings of the webhook", () => {
  test("accept a key of 24 to 64 bytes in the form of Standard Webhooks", () => {
    for (const length of [24, 25, 32, 63, 64]) {
      const parsed = settings.webhookSecret.parse(`whsec_${bytes(length)}`);
      assert.deepEqual(parsed.ok && Buffer.from(parsed.value.reveal()), Buffer.alloc(length, 255));
    }
    const bad = ["", bytes(32), `whsec_${bytes(23)}`, `whsec_${bytes(65)}`, `whsec_${bytes(32)}\n`, "whsec_a secret"];
    for (const text of bad) assert.ok(!settings.webhookSecret.parse(text).ok, text);
  });

  test("accept an https address, and http only for this machine", () => {
    for (const text of [
      "https://hooks.example.test/services/T/B/x?y=z",
      "http://127.0.0.1:3000",
      "http://localhost/x",
    ]) {
      assert.ok(settings.webhookUrl.parse(text).ok, text);
    }
    for (const text of [
      "",
      "hooks.example.test",
      "http://hooks.example.test",
      "https://user:pass@h.test",
      "ftp://h.test",
    ]) {
      assert.ok(!settings.webhookUrl.parse(text).ok, text);
    }
  });

  test("are refused without each other, and never printed", () => {
    const load = (environment: Readonly<Record<string, string>>) =>
      loadConfiguration({ mode: "dev", flags: {}, environment, file: undefined });
    const messageOf = (environment: Readonly<Record<string, string>>): string => {
      try {
        return JSON.stringify(load(environment));
      } catch (error) {
        assert.ok(error instanceof OperatorFault);
        return error.message;
      }
    };
    const url = "https://hooks.example.test/services/PLANTED";
    const key = `whsec_${bytes(32)}`;
    assert.match(messageOf({ CARNET_WEBHOOK_URL: url }), /belong together: set both, or neither/);
    assert.match(messageOf({ CARNET_WEBHOOK_SECRET: key }), /belong together/);
    const wrong = { CARNET_WEBHOOK_URL: `http://hooks.example.test/PLANTED`, CARNET_WEBHOOK_SECRET: "PLANTED" };
    assert.match(messageOf(wrong), /CARNET_WEBHOOK_URL has an invalid value\. Accepted: an https URL/);
    const right = { CARNET_WEBHOOK_URL: url, CARNET_WEBHOOK_SECRET: key };
    for (const text of [
      messageOf(wrong),
      messageOf({ ...right, CARNET_WEBHOOK_SECRET: "PLANTED" }),
      messageOf(right),
    ]) {
      assert.ok(!text.includes("PLANTED") && !text.includes(bytes(32)), text);
    }
  });
});
