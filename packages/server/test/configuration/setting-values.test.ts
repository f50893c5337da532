import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { type SettingName, settings } from "@carnet/server/configuration/settings";
import { faultOf, folder, load } from "./support/load.ts";
import { settingCases } from "./support/setting-cases.ts";

suite("Each setting", () => {
  test("has cases in this file", () => {
    assert.deepEqual(
      Object.keys(settingCases).sort(),
      Object.keys(settings)
        .filter((name) => settings[name as SettingName].secret !== true && !name.startsWith("tls"))
        .sort(),
    );
  });

  for (const [name, { good, bad }] of Object.entries(settingCases)) {
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
