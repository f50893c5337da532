import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { isSea } from "node:sea";
import { Transform, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { WorkerSockets } from "./shared-port.ts";
import { placeAsVariable, type SupervisorMessage, type WorkerMessage, type WorkerReport } from "./worker-place.ts";

/** How a worker ended. */
export interface WorkerExit {
  /** null if a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process that serves the port: the command line of the supervisor again, with a variable that makes it a worker. */
export class WorkerProcess {
  readonly sockets: WorkerSockets;
  readonly exited: Promise<WorkerExit>;
  /** Whether it has started to serve. False if it exits before. */
  readonly serves: Promise<boolean>;
  /** The numbers that it told last. They still count after it has ended. */
  lastMetrics: WorkerReport["metrics"] = [];
  readonly #child: ChildProcess;
  #hasExited = false;
  readonly #reports = new EventEmitter<{ readonly [What in keyof WorkerReport]: [WorkerReport[What] | undefined] }>();

  /** The environment has the secrets of the service, which the supervisor has removed from its own. */
  constructor(sockets: WorkerSockets, environment: NodeJS.ProcessEnv, { othersServe }: { othersServe: boolean }) {
    this.sockets = sockets;
    const entry = isSea() ? [] : process.argv.slice(1, 2);
    const child = spawn(process.execPath, [...process.execArgv, ...entry, ...process.argv.slice(2)], {
      env: { ...environment, ...placeAsVariable(sockets.length, { othersServe }) },
      stdio: ["ignore", "pipe", "inherit", "ipc", ...sockets.map((socket) => socket.fd())],
    });
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", ({ message }) => resolve({ code: null, signal: message })); // it could not be started
    });
    const { promise: serves, resolve: settle } = Promise.withResolvers<boolean>();
    this.serves = serves;
    child.on("message", (message: WorkerMessage) => {
      if (message === "serves") settle(true);
      else this.#hear(message);
    });
    void this.exited.then(() => {
      this.#hasExited = true;
      settle(false);
      for (const what of ["metrics", "readiness"] as const) this.#reports.emit(what, undefined);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Copies its log, in whole lines, so that the lines of several workers never mix. Resolves at its end. */
  async copyLog(to: Writable): Promise<void> {
    const lines = this.#child.stdout?.pipe(wholeLines());
    if (lines === undefined) return;
    lines.pipe(to, { end: false });
    await finished(lines);
  }

  /** Does nothing if it has ended. */
  tell(message: SupervisorMessage): void {
    if (this.#child.connected) this.#child.send(message, () => {}); // its end is noticed elsewhere
  }

  /** undefined: it has ended, or does not answer within so many milliseconds. */
  async ask<What extends keyof WorkerReport>(what: What, patience: number): Promise<WorkerReport[What] | undefined> {
    if (this.#hasExited) return undefined;
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), patience);
    const heard = once(this.#reports, what, waiting);
    this.tell(what);
    const [report] = await heard.catch(() => []);
    clearTimeout(timer);
    return report;
  }

  #hear({ metrics, readiness }: Partial<WorkerReport>): void {
    this.lastMetrics = metrics ?? this.lastMetrics;
    if (metrics !== undefined) this.#reports.emit("metrics", metrics);
    if (readiness !== undefined) this.#reports.emit("readiness", readiness);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

const lineEnd = Buffer.from("\n");

/** Holds back the beginning of a line until its end arrives. Ends the line that a killed process left unfinished. */
function wholeLines(): Transform {
  let rest: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const end = chunk.lastIndexOf(lineEnd) + 1;
      const whole = end === 0 ? undefined : Buffer.concat([rest, chunk.subarray(0, end)]);
      rest = end === 0 ? Buffer.concat([rest, chunk]) : chunk.subarray(end);
      done(null, whole);
    },
    flush: (done) => done(null, rest.length === 0 ? undefined : Buffer.concat([rest, lineEnd])),
  });
}
