import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { Redacted } from "@carnet/protocol/redacted";

const planted = "planted-secret-0123456789";

test("only reveal returns a redacted value", () => {
  const value = new Redacted(planted);
  assert.equal(value.reveal(), planted);
  const shown = [
    `${value}`,
    String(value),
    JSON.stringify({ value }),
    inspect(value),
    inspect({ deep: [{ value }] }, { depth: 9, showHidden: true, getters: true }),
    inspect(value, { customInspect: false, showHidden: true }),
    format("%s %o %O %j %d", value, value, value, value, value),
    new Error(`cannot use ${value}`).message,
    JSON.stringify(Object.entries(value)),
    JSON.stringify({ ...value }),
    String(Reflect.ownKeys(value).map((key) => Reflect.get(value, key))),
  ];
  for (const text of shown) assert.ok(!text.includes(planted), text);
});

test("a structuredClone copy does not contain the value", () => {
  assert.ok(!inspect(structuredClone(new Redacted(planted)), { showHidden: true }).includes(planted));
});
