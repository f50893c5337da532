import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { mock, suite, test } from "node:test";
import { readSecretFromInput, type SecretSource } from "carnet/secret-input";
import fc from "fast-check";

suite("a secret typed on a terminal", () => {
  test("is read up to Enter without echo, and echo is restored", async () => {
    const { source, modes } = terminal(["geh", "eim\r", "not this"]);
    assert.equal(await quietly(() => readSecretFromInput("it", source)), "geheim");
    assert.deepEqual(modes, [true, false]);
  });

  test("can be corrected with Backspace, one character at a time", async () => {
    const { source } = terminal(["ab\u007f\u007f\u007fsé😀\u007fx\b\n"]);
    assert.equal(await quietly(() => readSecretFromInput("it", source)), "sé");
  });

  test("ends at Ctrl+D; Ctrl+C cancels and restores echo", async () => {
    assert.equal(await quietly(() => readSecretFromInput("it", terminal(["abc\u0004"]).source)), "abc");
    const { source, modes } = terminal(["abc\u0003"]);
    await assert.rejects(
      quietly(() => readSecretFromInput("it", source)),
      { name: "Failure", message: "Cancelled. Nothing was changed." },
    );
    assert.deepEqual(modes, [true, false]);
  });

  test("must not be empty", async () => {
    await assert.rejects(
      quietly(() => readSecretFromInput("the secret", terminal(["\r"]).source)),
      /has no secret\. Type the secret in as one line/,
    );
  });
});

suite("a secret piped in", () => {
  test("is the first line, however the bytes are split", async () => {
    const line = fc
      .string({ unit: "binary", minLength: 1 })
      .filter((text) => !/[\r\n]/.test(text) && text.isWellFormed());
    const cuts = fc.array(fc.nat(40), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(line, fc.constantFrom("", "\n", "\r\n", "\nmore\n"), cuts, async (text, end, places) => {
        const bytes = Buffer.from(text + end);
        const at = [0, ...places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b), bytes.length];
        const source = new PassThrough();
        for (const [index, from] of at.entries()) source.write(bytes.subarray(from, at[index + 1] ?? bytes.length));
        source.end();
        assert.equal(await readSecretFromInput("it", source), text);
      }),
    );
  });
});

/** A stream that poses as a terminal, with the given keystrokes. */
function terminal(typed: readonly string[]): { source: SecretSource; modes: boolean[] } {
  const modes: boolean[] = [];
  const stream = new PassThrough();
  for (const keys of typed) stream.write(keys);
  const source = Object.assign(stream, { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) });
  return { source, modes };
}

/** Keeps the prompt out of the test's output. */
async function quietly<Value>(act: () => Promise<Value>): Promise<Value> {
  const write = mock.method(process.stderr, "write", () => true);
  try {
    return await act();
  } finally {
    write.mock.restore();
  }
}
