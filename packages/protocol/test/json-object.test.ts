import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJsonObject } from "@carnet/protocol/json-object";
import { anyText, wellFormedText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

interface Written {
  readonly name: string;
  readonly value: string | null | undefined;
}
const member: fc.Arbitrary<Written> = fc.record(
  { name: wellFormedText, value: wellFormedText },
  { noNullPrototype: true },
);
const members = fc.array(member, { maxLength: 8 });
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const escaped = (value: string) =>
  `"${[...Array(value.length).keys()].map((at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, "0")}`).join("")}"`;

test("members decode in order and with repeated names, for any spacing and escaping", () => {
  fc.assert(
    fc.property(members, space, fc.boolean(), (list, gap, escaping) => {
      const write = escaping ? escaped : JSON.stringify;
      const body = list.map(({ name, value }) => `${gap}${write(name)}${gap}:${gap}${write(value)}${gap}`).join(",");
      assert.deepEqual(decodeJsonObject(`${gap}{${body || gap}}${gap}`), { ok: true, value: list });
    }),
  );
});

test("decoding never throws, and agrees with JSON.parse when it succeeds", () => {
  const pieces = fc.constantFrom(
    '"a"',
    '"a',
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "1",
    "null",
    " ",
    '"\\"',
    "s",
    '"\\u0073"',
  );
  const hostile = fc.oneof(
    anyText,
    fc.json(),
    fc.array(pieces).map((list) => list.join("")),
  );
  fc.assert(
    fc.property(hostile, (body) => {
      const decoded = decodeJsonObject(body);
      if (!decoded.ok) return;
      const parsed: unknown = JSON.parse(body);
      const values = Object.entries(parsed as object).map(([name, value]) => [
        name,
        value === null || typeof value === "string" ? value : undefined,
      ]);
      assert.deepEqual(
        Object.fromEntries(decoded.value.map(({ name, value }) => [name, value])),
        Object.fromEntries(values),
      );
    }),
    { numRuns: 2000 },
  );
});

test("a value that is not a string is null or undefined at any position, and what is inside it is no member", () => {
  const other = fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(fc.json().map((json) => JSON.parse(json))),
    fc.dictionary(
      wellFormedText,
      fc.json().map((json) => JSON.parse(json)),
    ),
  );
  fc.assert(
    fc.property(members, other, fc.nat(), (list, value, place) => {
      const written = list.map(({ name, value: text }) => `${JSON.stringify(name)}:${JSON.stringify(text)}`);
      const at = place % (written.length + 1);
      written.splice(at, 0, `"x":${JSON.stringify(value)}`);
      const decoded = decodeJsonObject(`{${written.join(",")},"x":"y"}`);
      const inserted = { name: "x", value: value === null ? null : undefined };
      assert.deepEqual(decoded, { ok: true, value: [...list.toSpliced(at, 0, inserted), { name: "x", value: "y" }] });
    }),
  );
});

for (const [body, problem] of [
  ["", "the body is not valid JSON"],
  ["{", "the body is not valid JSON"],
  ["{'a':'b'}", "the body is not valid JSON"],
  ['{"a":"b",}', "the body is not valid JSON"],
  ['\ufeff\ufeff{"a":"b"}', "the body is not valid JSON"],
  ["null", "the body is JSON but not an object"],
  ['"a"', "the body is JSON but not an object"],
  ["[]", "the body is JSON but not an object"],
  ['{"a":"\\ud800"}', "the JSON object holds a string that is not valid Unicode"],
  ['{"\\udfff":"a"}', "the JSON object holds a string that is not valid Unicode"],
  ['{"a":"\\ud800","a":"b"}', "the JSON object holds a string that is not valid Unicode"],
] as const) {
  test(`${JSON.stringify(body)} is refused: ${problem}`, () => {
    assert.deepEqual(decodeJsonObject(body), { ok: false, error: problem });
  });
}

test("a byte order mark is ignored [RFC8259 §8.1]", () => {
  assert.deepEqual(decodeJsonObject('\ufeff{"a":"b"}'), { ok: true, value: [{ name: "a", value: "b" }] });
});

test("a problem never repeats the input", () => {
  const planted = "hunter2";
  for (const body of [planted, `{"client_secret":"${planted}"`, `["${planted}"]`, `{"${planted}":"\\ud800"}`]) {
    const decoded = decodeJsonObject(body);
    assert.ok(!decoded.ok && !decoded.error.includes(planted));
  }
});

test("decoding takes linear time for any text", () => {
  assertLinear((size) => '"'.repeat(size), decodeJsonObject);
  assertLinear((size) => "\\".repeat(size), decodeJsonObject);
  assertLinear((size) => `{"a":"${"\\\\".repeat(size / 2)}"}`, decodeJsonObject);
  assertLinear((size) => `{"a":"${'\\"'.repeat(size / 2)}"}`, decodeJsonObject);
  assertLinear((size) => `{"a":"${" ".repeat(size)}"}`, decodeJsonObject);
  assertLinear((size) => `{"a":"b"${" ".repeat(size)}}`, decodeJsonObject);
  assertLinear((size) => `{${'"a":"",'.repeat(size / 7)}"a":""}`, decodeJsonObject);
  assertLinear((size) => "[".repeat(size), decodeJsonObject);
  assertLinear((size) => `{"a":${"[".repeat(size)}${"]".repeat(size)}}`, decodeJsonObject);
  assertLinear((size) => `{"a":1${"0".repeat(size)}}`, decodeJsonObject);
});
