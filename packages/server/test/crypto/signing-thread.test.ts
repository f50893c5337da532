import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { generateSigningKey, type SigningKey } from "@carnet/server/crypto/signing-key";
import { SigningRing } from "@carnet/server/crypto/signing-ring";
import { SigningThread } from "@carnet/server/crypto/signing-thread";
import { base64url, compactVerify, importJWK } from "jose";

const run = promisify(execFile);
const child = fileURLToPath(new URL("signing-thread-child.ts", import.meta.url));
const key = await generateSigningKey("ES256");

test("many texts in one turn are signed on two threads, each with its own signature", async () => {
  await using busy = await busyThread();
  const texts = Array.from({ length: 1000 }, (_, number) => textOf(`${number}`.repeat(1 + (number % 90))));
  const signatures = texts.map((text) => busy.thread.sign(text));
  assert.ok((await doneAtOnce(signatures)) < 1000, "some are signed on the other thread");
  await assertSigned(key, texts, await Promise.all(signatures));
});

test("a single text in a turn is signed without waiting for a thread", async () => {
  await using busy = await busyThread();
  for (let turn = 0; turn < 20; turn++) {
    assert.equal(await doneAtOnce([busy.thread.sign(textOf("alone"))]), 1);
    await endOfTurn();
  }
});

test("no thread is started for single texts or small batches", async () => {
  const started = threadsStarted();
  const thread = new SigningThread(key, noFault, 2);
  for (let turn = 0; turn < 300; turn++) {
    await thread.sign(textOf("alone"));
    await endOfTurn();
  }
  await Promise.all(Array.from({ length: 90 }, () => thread.sign(textOf("a few"))));
  await endOfTurn();
  for (let turn = 0; turn < 300; turn++) {
    await Promise.all([thread.sign(textOf("two")), thread.sign(textOf("at a time"))]);
    await endOfTurn();
    for (let alone = 0; alone < 2; alone++) {
      await thread.sign(textOf("alone"));
      await endOfTurn();
    }
  }
  await endOfTurn();
  assert.equal(started.length, 0);
});

test("no thread is started with one processor", async () => {
  const started = threadsStarted();
  const thread = new SigningThread(key, noFault, 1);
  const texts = Array.from({ length: 500 }, (_, number) => textOf(String(number)));
  await assertSigned(key, texts, await Promise.all(texts.map((text) => thread.sign(text))));
  await endOfTurn();
  assert.equal(started.length, 0);
});

test("a text that is too long for the thread is signed on the main thread", async () => {
  await using busy = await busyThread();
  const texts = Array.from({ length: 5 }, (_, number) => textOf(`${number}`.repeat(9000)));
  await assertSigned(key, texts, await Promise.all(texts.map((text) => busy.thread.sign(text))));
});

test("when the thread dies, its unsigned texts are signed on the main thread, and the fault is reported once", async () => {
  const faults: unknown[] = [];
  await using busy = await busyThread((fault) => faults.push(fault));
  const texts = Array.from({ length: 50 }, (_, number) => textOf(String(number)));
  const signatures = texts.map((text) => busy.thread.sign(text));
  await busy.worker.terminate();
  await assertSigned(key, texts, await Promise.all(signatures));
  await assertSigned(key, texts, await Promise.all(texts.map((text) => busy.thread.sign(text))));
  assert.deepEqual(faults.map(String), ["Error: the signing thread exited unexpectedly"]);
});

test("closing ends the thread after its pending signatures, and signing continues without it", async () => {
  const busy = await busyThread();
  const texts = Array.from({ length: 50 }, (_, number) => textOf(String(number)));
  const signatures = texts.map((text) => busy.thread.sign(text));
  const ended = once(busy.worker, "exit");
  await busy.thread.close();
  await ended;
  await assertSigned(key, texts, await Promise.all(signatures));
  await assertSigned(key, texts, await Promise.all(texts.map((text) => busy.thread.sign(text))));
  await busy.thread.close();
});

test("when no thread can start, the fault is reported once and everything is signed on the main thread", async () => {
  const limits = ["--permission", "--allow-fs-read=*"]; // worker threads are not allowed
  const { stdout, stderr } = await run(process.execPath, [...limits, child, "50"], { timeout: 30_000 });
  assert.equal(stdout, "50 signed\n");
  assert.equal(stderr.match(/ERR_ACCESS_DENIED/g)?.length, 1, stderr);
});

for (const texts of [0, 50]) {
  test(`a process waits for its ${texts} signatures and ends although a thread runs`, async () => {
    const { stdout, stderr } = await run(process.execPath, [child, String(texts)], { timeout: 30_000 });
    assert.deepEqual({ stdout, stderr }, { stdout: `${texts} signed\n`, stderr: "" });
  });
}

test("the slots of the ring are reused, even when its counters wrap around", () => {
  for (const start of [0, 2 ** 31 - 100, -100]) {
    const counts = new SigningRing();
    new Int32Array(counts.memory, 0, 2).fill(start);
    const asker = new SigningRing(counts.memory);
    const signer = new SigningRing(counts.memory);
    for (let round = 0; round < 200; round++) {
      let asked = 0;
      while (asker.queue(`${round} ${asked}`)) asked++;
      assert.equal(asked, 64);
      assert.equal(asker.collect(), undefined);
      for (let taken = signer.take(); taken !== undefined; taken = signer.take()) signer.answer(taken);
      for (let number = 0; number < asked; number++)
        assert.equal(asker.collect(), base64url.encode(`${round} ${number}`));
      assert.equal(asker.collect(), undefined);
    }
  }
});

test("the ring refuses a text that is longer than a slot", () => {
  const ring = new SigningRing();
  assert.equal(ring.queue("x".repeat(2049)), false);
  assert.equal(ring.take(), undefined);
  assert.equal(ring.queue("x".repeat(2048)), true);
  assert.equal(ring.take()?.length, 2048);
});

const noFault = (fault: unknown): void => assert.fail(String(fault));

/** A signer whose thread has started. */
async function busyThread(report: (fault: unknown) => void = noFault) {
  const started = threadsStarted();
  const thread = new SigningThread(key, report, 2);
  await Promise.all(Array.from({ length: 101 }, () => thread.sign(textOf("many"))));
  await endOfTurn();
  const [worker] = started;
  assert.ok(worker !== undefined && started.length === 1);
  await once(worker, "message");
  return { thread, worker, [Symbol.asyncDispose]: () => thread.close() };
}

/** The threads that this process starts from now on. */
function threadsStarted(): readonly Worker[] {
  const threads: Worker[] = [];
  process.on("worker", (worker) => threads.push(worker));
  return threads;
}

/** Counts the promises that are fulfilled without a turn of the event loop. */
async function doneAtOnce(promises: readonly Promise<unknown>[]): Promise<number> {
  let done = 0;
  for (const promise of promises) promise.then(() => done++, assert.fail);
  for (let time = 0; time < 10; time++) await Promise.resolve();
  return done;
}

/** The header and claims of a token with this text as a claim. */
const textOf = (said: string): string =>
  `${base64url.encode(JSON.stringify({ alg: "ES256" }))}.${base64url.encode(JSON.stringify({ said }))}`;

async function assertSigned({ publicJwk }: SigningKey, texts: readonly string[], signatures: readonly string[]) {
  assert.equal(signatures.length, texts.length);
  const publicKey = await importJWK(publicJwk);
  for (const [index, text] of texts.entries()) await compactVerify(`${text}.${signatures[index]}`, publicKey);
}
