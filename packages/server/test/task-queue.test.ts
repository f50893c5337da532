import assert from "node:assert/strict";
import { test } from "node:test";
import { QueueFull, TaskQueue } from "@carnet/server/task-queue";

test("a caller with many tasks is refused more of them, and delays others by one only", async () => {
  const queue = new TaskQueue("tasks");
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const run = (caller: string | null) =>
    queue.run(async () => {
      if (order.push(caller ?? "platform") === 1) await first.promise;
    }, caller);
  const greedy = Array.from({ length: 12 }, () => run("greedy"));
  const others = [run("modest"), run(null)];
  first.resolve();
  const outcomes = await Promise.allSettled(greedy);
  await Promise.all(others);
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 9);
  for (const outcome of outcomes) if (outcome.status === "rejected") assert.ok(outcome.reason instanceof QueueFull);
  assert.deepEqual(order.slice(0, 4), ["greedy", "greedy", "modest", "platform"]);
  assert.equal(order.length, 11);
});

test("a task that fails is the failure of its caller only", async () => {
  const queue = new TaskQueue("tasks");
  const failed = queue.run(() => Promise.reject(new Error("broken")), "one");
  const next = queue.run(async () => "done", "other");
  await assert.rejects(failed, /broken/);
  assert.equal(await next, "done");
});
