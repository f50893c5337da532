import assert from "node:assert/strict";
import { mock, suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { stopOnSignal } from "carnet/stop-on-signal";

const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Whether a service stops when its parent process ends. An npm script of the given name, if any, started it. */
async function stopsWithParent(script: string | undefined): Promise<boolean> {
  const { npm_lifecycle_event: own } = process.env;
  const parent = process.ppid;
  mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  const exit = mock.method(process, "exit", () => {});
  try {
    if (script === undefined) delete process.env["npm_lifecycle_event"];
    else process.env["npm_lifecycle_event"] = script;
    const close = mock.fn(async () => {});
    stopOnSignal(async () => ({ close }));
    mock.timers.tick(10_000);
    await setImmediate();
    assert.equal(close.mock.callCount(), 0, "its parent still runs");
    Object.defineProperty(process, "ppid", { value: parent + 1 });
    mock.timers.tick(10_000);
    await setImmediate();
    return close.mock.callCount() === 1;
  } finally {
    Object.defineProperty(process, "ppid", { value: parent });
    if (own === undefined) delete process.env["npm_lifecycle_event"];
    else process.env["npm_lifecycle_event"] = own;
    for (const signal of signals) process.removeAllListeners(signal);
    exit.mock.restore();
    mock.timers.reset();
  }
}

suite("when its parent process ends", () => {
  for (const script of ["start", "npx"])
    test(`a service that npm's ${script} started stops`, async () => assert.equal(await stopsWithParent(script), true));

  for (const script of [undefined, "deploy"])
    test(`a service that ${script ?? "no"} script started runs on, because it may have been started to stay`, async () =>
      assert.equal(await stopsWithParent(script), false));
});
