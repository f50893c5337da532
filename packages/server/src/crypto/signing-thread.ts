import type { KeyObject } from "node:crypto";
import { getCompileCacheDir } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, extname } from "node:path";
import { Worker } from "node:worker_threads";
import { type SigningAlgorithmName, signingAlgorithms } from "./signing-algorithms.ts";
import type { SigningKey } from "./signing-key.ts";
import { SigningRing } from "./signing-ring.ts";

/** What a signing thread is given. The key is not copied: both threads have the same one. */
export interface SigningWork {
  readonly algorithm: SigningAlgorithmName;
  readonly privateKey: KeyObject;
  readonly memory: SharedArrayBuffer;
}

/** After how many signatures that could have been made beside others there is a thread for them. */
const crowd = 100;

/**
 * Makes the signatures of one key, on two threads once there is more than one to make at a time: in each turn of the
 * event loop the first here and the others there, as long as that thread keeps up. So a lone request waits for no
 * thread, a quiet process has none, and a busy one gets to the next request while the last one is signed.
 */
export class SigningThread {
  readonly #key: SigningKey;
  readonly #tell: (fault: unknown) => void;
  readonly #ring = new SigningRing();
  /** What was asked of the thread, in this order. */
  readonly #waiting: { readonly text: string; resolve(signature: string): void; reject(fault: unknown): void }[] = [];
  #worker: Worker | undefined;
  #ready = false;
  /** Until there is a thread; none comes where there is but one processor, or after one has failed. */
  #missing: number;
  #inTurn = false;

  /** Faults of the thread are told, and what it has not done is signed here. */
  constructor(key: SigningKey, tell: (fault: unknown) => void, processors = availableParallelism()) {
    this.#key = key;
    this.#tell = tell;
    this.#missing = processors > 1 ? crowd : Number.POSITIVE_INFINITY;
  }

  /** The signature of an ASCII text, in base64url. */
  async sign(text: string): Promise<string> {
    if (this.#inTurn) return this.#besides(text) ?? this.#here(text);
    this.#inTurn = true;
    setImmediate(() => {
      this.#inTurn = false;
      this.#collect();
    });
    return this.#here(text);
  }

  /** Ends the thread, if there is one. What it has not done is signed here. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#giveUp();
    await worker?.terminate();
  }

  #here(text: string): string {
    const { algorithm, privateKey } = this.#key;
    return signingAlgorithms[algorithm].sign(Buffer.from(text, "latin1"), privateKey).toString("base64url");
  }

  #besides(text: string): Promise<string> | undefined {
    if (this.#missing > 0 && --this.#missing === 0) this.#start(); // not there before it has said so
    if (!this.#ready || !this.#ring.ask(text)) return undefined;
    if (this.#waiting.length === 0) this.#worker?.ref(); // who waits for it keeps the process up, and else it does not
    return new Promise((resolve, reject) => this.#waiting.push({ text, resolve, reject }));
  }

  #start(): void {
    const { algorithm, privateKey } = this.#key;
    const workerData: SigningWork = { algorithm, privateKey, memory: this.#ring.memory };
    const file = new URL(`./signing-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, { workerData, env: environment(), execArgv: [], resourceLimits });
    this.#worker = worker;
    const failed = (fault: unknown): void => {
      if (this.#worker !== worker) return;
      this.#giveUp();
      this.#tell(fault);
    };
    worker.on("message", () => {
      this.#ready = this.#worker === worker;
      this.#collect();
    });
    worker.on("error", failed);
    worker.on("exit", () => failed(new Error("the signing thread ended by itself")));
    worker.unref(); // after there is somebody to hear of its messages, which refs it
  }

  #collect(): void {
    if (this.#waiting.length === 0) return;
    for (let signature = this.#ring.collect(); signature !== undefined; signature = this.#ring.collect())
      this.#waiting.shift()?.resolve(signature);
    if (this.#waiting.length === 0) this.#worker?.unref();
  }

  #giveUp(): void {
    this.#missing = Number.POSITIVE_INFINITY;
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

/** Nothing but where compiled code is kept, which a thread does not take over from the one that starts it. */
function environment(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 } as const;
