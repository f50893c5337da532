import assert from "node:assert/strict";
import { test } from "node:test";
import { Redacted } from "@carnet/protocol/redacted";
import { describeFault, framesOf, OperatorFault } from "@carnet/server/fault";
import { createLog, type logLevels } from "@carnet/server/log/logger";

const planted = "planted-secret-0123456789";

function capture(level: (typeof logLevels)[number]) {
  const lines: string[] = [];
  return { lines, log: createLog(level, { write: (line) => void lines.push(line) }) };
}

test("a line is one JSON object with the level, the time, the event and the given facts", () => {
  const { lines, log } = capture("debug");
  log.info("started", { port: 8080, urls: ["a\nb"], ready: true, nothing: null });
  const [line = ""] = lines;
  assert.match(line, /^[^\n]+\n$/);
  const { time, ...rest } = JSON.parse(line);
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual(rest, { level: "info", event: "started", port: 8080, urls: ["a\nb"], ready: true, nothing: null });
});

test("only lines at or above the log level are written", () => {
  for (const [level, expected] of [
    ["trace", ["debug", "info", "warn", "fault"]],
    ["debug", ["debug", "info", "warn", "fault"]],
    ["info", ["info", "warn", "fault"]],
    ["warn", ["warn", "fault"]],
    ["error", ["fault"]],
    ["silent", []],
  ] as const) {
    const { lines, log } = capture(level);
    for (const method of ["debug", "info", "warn", "fault"] as const) log[method](method, {});
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).event),
      expected,
    );
  }
});

test("facts cannot be objects, which could contain a secret", () => {
  const { log } = capture("silent");
  // @ts-expect-error an object is not a fact
  log.info("request", { headers: { authorization: planted } });
  // @ts-expect-error a redacted value is not a fact
  log.info("request", { secret: new Redacted(planted) });
  // @ts-expect-error an error is not a fact
  log.info("request", { error: new Error(planted) });
});

test("a fault is logged with its name, its code and its stack frames, never its message", () => {
  const { lines, log } = capture("trace");
  const cause = new TypeError(`cannot read ${planted}`);
  log.fault("request_failed", Object.assign(new Error(`bad ${planted}`, { cause }), { code: "ERR_X", body: planted }));
  log.fault("request_failed", planted);
  log.fault("request_failed", { message: planted });
  log.fault("request_failed", new AggregateError([new Error(planted)], planted));
  log.fault("request_failed", new SyntaxError(`Unexpected token in ${planted}`, { cause: planted }));
  assert.ok(!lines.join("").includes(planted), lines.join(""));
  const [first = ""] = lines;
  const { fault, frames } = JSON.parse(first);
  assert.equal(fault, "Error (ERR_X)");
  assert.ok(frames.some((frame: string) => frame.includes("logger.test.ts")));
  assert.ok(frames.includes("TypeError"));
});

test("a message that looks like a stack frame is not logged as one", () => {
  const error = new Error(`first line\n    at ${planted} (file:1:1)`);
  assert.ok(!framesOf(error).join("\n").includes(planted));
  error.message = "another";
  assert.deepEqual(framesOf(error), []);
  class Named extends Error {
    override readonly name = `X\n    at ${planted}`;
  }
  assert.ok(!framesOf(new Named("y")).join("\n").includes(planted));
});

test("circular causes do not cause an endless loop", () => {
  const error = new Error(planted);
  error.cause = new TypeError(planted, { cause: error });
  assert.ok(framesOf(error).length < 100);
});

test("the message of an operator fault is logged", () => {
  assert.equal(describeFault(new OperatorFault("The disk is full: make room.")), "The disk is full: make room.");
});
