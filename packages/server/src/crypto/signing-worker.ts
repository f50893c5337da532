import { parentPort, workerData } from "node:worker_threads";
import { signingAlgorithms } from "./signing-algorithms.ts";
import { SigningRing } from "./signing-ring.ts";
import type { SigningWork } from "./signing-thread.ts";

/** The code of a signing thread. It runs until it is terminated. */

const { algorithm, privateKey, memory }: SigningWork = workerData;
const { sign } = signingAlgorithms[algorithm];
const ring = new SigningRing(memory);

for (;;) {
  for (let text = ring.take(); text !== undefined; text = ring.take()) ring.answer(sign(text, privateKey));
  parentPort?.postMessage("all signed"); // the other side may be idle too
  ring.sleep();
}
