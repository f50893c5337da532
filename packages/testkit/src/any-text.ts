import fc from "fast-check";

const codePoint = fc.oneof(
  { weight: 3, arbitrary: fc.nat(0x7f) },
  { weight: 1, arbitrary: fc.nat(0xffff) },
  { weight: 1, arbitrary: fc.integer({ min: 0x10000, max: 0x10ffff }) },
);

/** Any text, including lone surrogates and control characters. Faster than fast-check's own `binary`. */
export const anyText = fc.array(codePoint).map((codePoints) => String.fromCodePoint(...codePoints));

/** Any text that is valid Unicode. */
export const wellFormedText = anyText.map((text) => text.toWellFormed());
