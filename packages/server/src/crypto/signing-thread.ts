import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, extname } from "node:path";
import { isSea } from "node:sea";
import { Worker } from "node:worker_threads";
import { type SigningAlgorithmName, signingAlgorithms } from "./signing-algorithms.ts";
import { SigningRing } from "./signing-ring.ts";

interface PrivateKey {
  readonly algorithm: SigningAlgorithmName;
  readonly privateKey: KeyObject;
}

/** The input of a signing thread. Both threads share one key object; nothing is copied. */
export interface SigningWork extends PrivateKey {
  readonly memory: SharedArrayBuffer;
}

/** The thread starts after so many concurrent signatures. */
const loadToStart = 100;

/**
 * Signs with one key, on a second thread under load. In each turn of the event loop the first text is signed here and
 * the others on the thread, if it keeps up. A lone request thus never waits for the thread, and an idle process has none.
 */
export class SigningThread {
  readonly #key: PrivateKey;
  readonly #reportFault: (fault: unknown) => void;
  readonly #ring = new SigningRing();
  /** The texts that the thread is signing, in order. */
  readonly #waiting: { readonly text: string; resolve(signature: string): void; reject(fault: unknown): void }[] = [];
  #worker: Worker | undefined;
  #ready = false;
  /** False on a single processor, and after a thread has failed. */
  #canStart: boolean;
  /** Recent concurrent signatures: up by one for each, down by one for each turn with a single text. */
  #load = 0;
  /** Texts in this turn of the event loop. */
  #textsInTurn = 0;

  /** If the thread fails, the fault is reported and its unfinished texts are signed here. */
  constructor(key: PrivateKey, reportFault: (fault: unknown) => void, processors = availableParallelism()) {
    this.#key = key;
    this.#reportFault = reportFault;
    this.#canStart = processors > 1;
  }

  /** Returns the signature of an ASCII text in base64url. */
  async sign(text: string): Promise<string> {
    this.#textsInTurn++;
    if (this.#textsInTurn > 1) return this.#onThread(text) ?? this.#here(text);
    setImmediate(() => this.#endTurn());
    return this.#here(text);
  }

  /** Ends the thread, if there is one. Its unfinished texts are signed here. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#stopUsing();
    await worker?.terminate();
  }

  #here(text: string): string {
    const { algorithm, privateKey } = this.#key;
    return signingAlgorithms[algorithm].sign(Buffer.from(text, "latin1"), privateKey).toString("base64url");
  }

  #endTurn(): void {
    if (this.#textsInTurn === 1) this.#load = Math.max(0, this.#load - 1);
    this.#textsInTurn = 0;
    this.#collect();
  }

  #onThread(text: string): Promise<string> | undefined {
    this.#load++;
    if (this.#canStart && this.#load >= loadToStart) this.#start(); // ready only after its first message
    if (!this.#ready || !this.#ring.queue(text)) return undefined;
    if (this.#waiting.length === 0) this.#worker?.ref(); // pending signatures keep the process alive
    return new Promise((resolve, reject) => this.#waiting.push({ text, resolve, reject }));
  }

  #start(): void {
    this.#canStart = false;
    try {
      this.#worker = this.#startWorker();
    } catch (fault) {
      this.#reportFault(fault);
    }
  }

  #startWorker(): Worker {
    const { algorithm, privateKey } = this.#key;
    const workerData: SigningWork = { algorithm, privateKey, memory: this.#ring.memory };
    const worker = new Worker(workerCode(), { workerData, env: environment(), execArgv, resourceLimits });
    const failed = (fault: unknown): void => {
      if (this.#worker !== worker) return;
      this.#stopUsing();
      this.#reportFault(fault);
    };
    worker.on("message", () => {
      this.#ready = this.#worker === worker;
      this.#collect();
    });
    worker.on("error", failed);
    worker.on("exit", () => failed(new Error("the signing thread exited unexpectedly")));
    worker.unref(); // after adding the message listener, which refs it
    return worker;
  }

  #collect(): void {
    if (this.#waiting.length === 0) return;
    for (let signature = this.#ring.collect(); signature !== undefined; signature = this.#ring.collect())
      this.#waiting.shift()?.resolve(signature);
    if (this.#waiting.length === 0) this.#worker?.unref();
  }

  #stopUsing(): void {
    this.#canStart = false;
    this.#ready = false;
    this.#worker = undefined;
    for (const { text, resolve, reject } of this.#waiting.splice(0)) {
      try {
        resolve(this.#here(text));
      } catch (fault) {
        reject(fault);
      }
    }
  }
}

/** The code of the thread. A thread cannot read the files inside a single executable, so there it gets their text. */
function workerCode(): URL {
  const file = new URL(`./signing-worker${extname(import.meta.url)}`, import.meta.url);
  return isSea() ? new URL(`data:text/javascript,${encodeURIComponent(readFileSync(file, "utf8"))}`) : file;
}

/** Only the compile cache folder, which a thread does not inherit. */
function environment(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

/** Needed for each thread: its diagnostic report would otherwise show the environment of the process. */
const execArgv = ["--report-exclude-env"];

const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 } as const;
