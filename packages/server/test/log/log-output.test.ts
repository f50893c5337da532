import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { test } from "node:test";
import { LogOutput } from "@carnet/server/log/log-output";

const line = `${"x".repeat(1023)}\n`;

/** A log whose reader has stalled. */
function stalled() {
  const pipe = new PassThrough({ decodeStrings: false });
  const dropped: number[] = [];
  return { pipe, dropped, output: new LogOutput(pipe, (lines) => dropped.push(lines)) };
}

test("diagnostic lines beyond the bound of a stalled log are dropped, and counted once the reader is back", async () => {
  const { pipe, dropped, output } = stalled();
  for (let count = 0; count < 1000; count++) output.write(line);
  assert.ok(pipe.writableLength < 150 * 1024, `${pipe.writableLength} bytes wait`);
  assert.deepEqual(dropped, []);
  let received = 0;
  pipe.on("data", (chunk) => {
    received += chunk.length;
  });
  await output.flush(10_000);
  assert.equal(dropped.length, 1);
  assert.equal(received, (1000 - (dropped[0] ?? 0)) * line.length);
  output.write(line);
  await output.flush(10_000);
  assert.equal(dropped.length, 1);
});

test("records still fit after diagnostic lines are dropped, and have their own bound", async () => {
  const { pipe, output } = stalled();
  for (let count = 0; count < 1000; count++) output.write(line);
  assert.equal(output.isStalled, false);
  let records = 0;
  const recorded: Promise<void>[] = [];
  while (!output.isStalled && records < 10_000) {
    recorded.push(output.record(line));
    records++;
  }
  assert.ok(records > 800 && records < 1100, `${records} records fit`);
  pipe.resume();
  await Promise.all(recorded);
  assert.equal(output.isStalled, false);
});

test("a record resolves only once it is written", async () => {
  const written = Promise.withResolvers<void>();
  const output = new LogOutput(
    new Writable({ write: (_chunk, _encoding, done) => void written.promise.then(() => done()) }),
    () => {},
  );
  let resolved = false;
  const recording = output.record(line).then(() => {
    resolved = true;
  });
  await new Promise(setImmediate);
  assert.equal(resolved, false);
  written.resolve();
  await recording;
});

test("a flush gives up on a reader that does not come back", async () => {
  const { output } = stalled();
  for (let count = 0; count < 100; count++) output.write(line);
  await output.flush(1);
});
