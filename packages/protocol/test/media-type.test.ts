import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTokenRequestFormat } from "@carnet/protocol/media-type";
import { anyText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

const form = "application/x-www-form-urlencoded";
const caseOf = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((char, at) => (upper[at] ? char.toUpperCase() : char)).join(""));

test("every spelling of a UTF-8 charset is accepted, in any letter case [RFC9110 §8.3.1]", () => {
  const gap = fc.constantFrom("", " ", "\t", "  ");
  const charset = fc.constantFrom("utf-8", "utf8", '"utf-8"', '"utf8"').chain(caseOf);
  fc.assert(
    fc.property(caseOf(form), gap, gap, charset, (type, before, after, value) => {
      assert.deepEqual(parseTokenRequestFormat(`${type}${before};${after}charset=${value}`), {
        ok: true,
        value: { syntax: "form", charset: "utf-8" },
      });
    }),
  );
  fc.assert(
    fc.property(caseOf("application/json"), gap, charset, (type, after, value) => {
      assert.deepEqual(parseTokenRequestFormat(`${type};${after}charset=${value}`), {
        ok: true,
        value: { syntax: "json", charset: "utf-8" },
      });
    }),
  );
});

test("ISO-8859-1 and US-ASCII are accepted for a form, as a charset of ASCII alone, and not for JSON", () => {
  const gap = fc.constantFrom("", " ");
  const charset = fc.constantFrom("iso-8859-1", "us-ascii", '"iso-8859-1"', '"us-ascii"').chain(caseOf);
  fc.assert(
    fc.property(gap, charset, (after, value) => {
      const ascii = { ok: true, value: { syntax: "form", charset: "ascii" } };
      assert.deepEqual(parseTokenRequestFormat(`${form};${after}charset=${value}`), ascii);
      assert.deepEqual(parseTokenRequestFormat(`${form};charset=utf-8;charset=${value}`), ascii);
      assert.ok(!parseTokenRequestFormat(`application/json;${after}charset=${value}`).ok);
    }),
  );
});

test("any other charset is refused, and the problem does not repeat it", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z0-9_-]{0,12}$/), (charset) => {
      fc.pre(!/^(?:utf-?8|iso-8859-1|us-ascii)$/.test(charset));
      const parsed = parseTokenRequestFormat(`${form}; charset=${charset}`);
      assert.ok(!parsed.ok);
      assert.match(parsed.error, /^the charset of the Content-Type is not UTF-8: send /);
    }),
  );
});

test("other parameters are ignored", () => {
  for (const parameters of [";", "; ", "; version=1", '; a="b;c"', "; charset=utf-8; version=1", ";xcharset=latin1"])
    assert.deepEqual(
      parseTokenRequestFormat(`application/json${parameters}`),
      { ok: true, value: { syntax: "json", charset: "utf-8" } },
      parameters,
    );
});

test("a problem names a well-formed media type, and always the accepted ones", () => {
  for (const [seen, said] of [
    [undefined, "there is no Content-Type header"],
    ["  ", "there is no Content-Type header"],
    ["text/plain; charset=utf-8", "the Content-Type is text/plain"],
    ["Text/HTML", "the Content-Type is text/html"],
    ["<script>/x", "the Content-Type is not a media type"],
    ["hunter2", "the Content-Type is not a media type"],
    [`text/${"x".repeat(100)}`, "the Content-Type is not a media type"],
    ["text/plain\u{1f511}", "the Content-Type is not a media type"],
  ] as const) {
    const parsed = parseTokenRequestFormat(seen);
    assert.ok(!parsed.ok);
    assert.equal(parsed.error.split(":")[0], said);
    assert.match(parsed.error, /application\/x-www-form-urlencoded, or application\/json/);
  }
});

test("parsing never throws, and a problem is ASCII", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        anyText.map((tail) => `${form};${tail}`),
      ),
      (text) => {
        const parsed = parseTokenRequestFormat(text);
        if (!parsed.ok) assert.match(parsed.error, /^[\x20-\x7e]+$/);
      },
    ),
  );
});

test("parsing takes linear time for any text", () => {
  for (const unit of [
    ";charset=utf-8",
    ";charset=",
    ";charset",
    "; ",
    " ",
    ";charset =",
    ';charset="',
    ';charset="a"',
    "charset ",
    "a/",
    ";\t\t",
  ]) {
    assertLinear((size) => `application/json;${unit.repeat(size / 4)}`, parseTokenRequestFormat);
    assertLinear((size) => unit.repeat(size / 4), parseTokenRequestFormat);
  }
  assertLinear((size) => `application/json;charset${" ".repeat(size)}x`, parseTokenRequestFormat);
});
