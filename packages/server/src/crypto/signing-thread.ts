import type { KeyObject } from "node:crypto";
import { getCompileCacheDir } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, extname } from "node:path";
import { Worker } from "node:worker_threads";
import { type SigningAlgorithmName, signingAlgorithms } from "./signing-algorithms.ts";
import { SigningRing } from "./signing-ring.ts";

interface PrivateKey {
  readonly algorithm: SigningAlgorithmName;
  readonly privateKey: KeyObject;
}

/** What a signing thread starts with. Both threads share one key object; nothing is copied. */
export interface SigningWork extends PrivateKey {
  readonly memory: SharedArrayBuffer;
}

/** How many signatures that come beside others make a crowd. */
const enough = 100;

/**
 * Makes the signatures of one key, on two threads once there is more than one to make at a time: in each turn of the
 * event loop the first here and the others there, as long as that thread keeps up. So a lone request waits for no
 * thread, a process that no crowd has come to has none, and a busy one gets to the next request while the last one is
 * signed.
 */
export class SigningThread {
  readonly #key: PrivateKey;
  readonly #tell: (fault: unknown) => void;
  readonly #ring = new SigningRing();
  /** What was asked of the thread, in this order. */
  readonly #waiting: { readonly text: string; resolve(signature: string): void; reject(fault: unknown): void }[] = [];
  #worker: Worker | undefined;
  #ready = false;
  /** None is started where there is but one processor, or after one has failed. */
  #mayStart: boolean;
  /** How many came beside others lately: each turn with one alone takes one off. */
  #crowd = 0;
  /** How many came in this turn of the event loop. */
  #inTurn = 0;

  /** Faults of the thread are told, and what it has not done is signed here. */
  constructor(key: PrivateKey, tell: (fault: unknown) => void, processors = availableParallelism()) {
    this.#key = key;
    this.#tell = tell;
    this.#mayStart = processors > 1;
  }

  /** The signature of an ASCII text, in base64url. */
  async sign(text: string): Promise<string> {
    this.#inTurn++;
    if (this.#inTurn > 1) return this.#beside(text) ?? this.#here(text);
    setImmediate(() => this.#endTurn());
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

  #endTurn(): void {
    if (this.#inTurn === 1) this.#crowd = Math.max(0, this.#crowd - 1);
    this.#inTurn = 0;
    this.#collect();
  }

  #beside(text: string): Promise<string> | undefined {
    this.#crowd++;
    if (this.#mayStart && this.#crowd >= enough) this.#start(); // it is not there before it has said so
    if (!this.#ready || !this.#ring.ask(text)) return undefined;
    if (this.#waiting.length === 0) this.#worker?.ref(); // who waits for it keeps the process up, and else it does not
    return new Promise((resolve, reject) => this.#waiting.push({ text, resolve, reject }));
  }

  #start(): void {
    this.#mayStart = false;
    try {
      this.#worker = this.#startWorker();
    } catch (fault) {
      this.#tell(fault);
    }
  }

  #startWorker(): Worker {
    const { algorithm, privateKey } = this.#key;
    const workerData: SigningWork = { algorithm, privateKey, memory: this.#ring.memory };
    const file = new URL(`./signing-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, { workerData, env: environment(), execArgv, resourceLimits });
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
    return worker;
  }

  #collect(): void {
    if (this.#waiting.length === 0) return;
    for (let signature = this.#ring.collect(); signature !== undefined; signature = this.#ring.collect())
      this.#waiting.shift()?.resolve(signature);
    if (this.#waiting.length === 0) this.#worker?.unref();
  }

  #giveUp(): void {
    this.#mayStart = false;
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

/** Each thread has to be told by itself: a diagnostic report would show the environment of the whole process for it. */
const execArgv = ["--report-exclude-env"];

const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 } as const;
