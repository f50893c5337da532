import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Configuration } from "../configuration/load-configuration.ts";
import { OperatorFault } from "../fault.ts";
import { type Probe, starting } from "../http/health-routes.ts";
import type { Log } from "../log/logger.ts";
import { addCounts, type MetricsJson, renderMetrics } from "../metrics/node-metrics.ts";
import { SharedPort, type WorkerSockets } from "./shared-port.ts";
import type { SupervisorMessage } from "./worker-place.ts";
import { type WorkerExit, WorkerProcess } from "./worker-process.ts";

/**
 * Keeps the worker processes of a node running: starts them, replaces those that end, and on a reload replaces each with
 * one that reads the configuration again. It handles no connection and no request.
 */

/** How long to wait before a worker that ended is replaced, in milliseconds. Doubles with each failure in a row. */
const restartDelay = { first: 100, longest: 30_000 } as const;

/** After so many milliseconds, the failures of earlier workers in the same place are forgotten. */
const steadyAfter = 60_000;

/** What a worker may take to end, besides two drain timeouts, in milliseconds. */
const endMargin = 10_000;

/** How long to wait for the last log lines of the workers, in milliseconds. */
const flushTimeout = 250;

/** How long to wait for the answers of workers, in milliseconds. Readiness takes longer while the store is slow. */
const patience = { metrics: 2000, readiness: 10_000, silence: 30_000 } as const;

/** How often to look whether a worker still answers, in milliseconds. */
const watchInterval = 10_000;

/** The supervisor uses these once: it binds the sockets, and makes a place for each worker. */
const needRestart = ["host", "port", "workers", "managementHost", "managementPort"] as const;

export interface SupervisorPorts {
  readonly log: Log;
  /** Where the logs of the workers go. */
  readonly output: Writable;
  /** The environment of the workers, with the secrets of the service. */
  readonly environment: NodeJS.ProcessEnv;
  /** Loads the configuration again. Throws an OperatorFault if it is invalid. */
  load(): Promise<Configuration>;
}

/** The place of one worker. */
interface Slot {
  /** It may have ended. undefined: it is to be replaced later. */
  worker: WorkerProcess | undefined;
  isReplacing: boolean;
  /** In a row. */
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

export class Supervisor {
  readonly #ports: SupervisorPorts;
  readonly #configuration: Configuration;
  readonly #port: SharedPort;
  readonly #slots: readonly Slot[];
  readonly #running = new Set<WorkerProcess>();
  readonly #serving = new Set<WorkerProcess>();
  readonly #logs = new Set<Promise<void>>();
  /** What workers that have ended had counted. Without it the counters of the node would go back. */
  #countedBefore: Promise<MetricsJson> = Promise.resolve([]);
  #drainTimeout: number;
  readonly #started = Promise.withResolvers<void>();
  #reloads = this.#started.promise;
  /** Waits for its turn. Signals meanwhile add no other: it reads the configuration when it begins. */
  #nextReload: Promise<void> | undefined;
  #hasStarted = false;
  #isStopping = false;

  private constructor(configuration: Configuration, port: SharedPort, ports: SupervisorPorts) {
    this.#configuration = configuration;
    this.#drainTimeout = configuration.drainTimeout;
    this.#port = port;
    this.#ports = ports;
    const slot = (): Slot => ({ worker: undefined, isReplacing: false, failures: 0, timer: undefined });
    this.#slots = Array.from({ length: configuration.workers ?? 1 }, slot);
  }

  /** Throws an OperatorFault if the port cannot be used. No worker has started yet. */
  static async open(configuration: Configuration, ports: SupervisorPorts): Promise<Supervisor> {
    return new Supervisor(configuration, await SharedPort.open(configuration), ports);
  }

  /** Starts the workers. If one ends meanwhile, stops the others and returns how it ended. */
  async start(): Promise<WorkerExit | undefined> {
    // The first one alone, because it may have to create or migrate the store
    for (const slots of [this.#slots.slice(0, 1), this.#slots.slice(1)]) {
      await Promise.all(slots.map((slot) => this.#fill(slot).serves));
      if (this.#isStopping) return undefined;
      const ended = this.#slots.find(({ worker }) => worker !== undefined && !this.#running.has(worker));
      if (ended === undefined) continue;
      await this.close();
      return ended.worker?.exited;
    }
    this.#hasStarted = true;
    this.#started.resolve();
    this.#ports.log.info("workers_started", { pid: process.pid, workers: this.#slots.length });
    return undefined;
  }

  /** Replaces the workers one after another, if the configuration is valid. Waits for the start, and for an earlier reload. */
  reload(): Promise<void> {
    this.#nextReload ??= this.#reloads.then(() => {
      this.#nextReload = undefined;
      return this.#reload();
    });
    this.#reloads = this.#nextReload;
    return this.#reloads;
  }

  /** The numbers of the node, in the text format of Prometheus: of all its workers, and what those before had counted. */
  async metrics(): Promise<string> {
    const asked = this.#asked();
    const answers = await Promise.all(asked.map((worker) => worker.ask("metrics", patience.metrics)));
    // Taken at one moment, after all answers: a worker that ended meanwhile would count twice, or not at all
    const before = this.#countedBefore;
    const running = asked.map((worker, index) => ({ worker, answer: answers[index] }));
    const current = running.filter(({ worker }) => this.#running.has(worker));
    const silent = current.filter(({ answer }) => answer === undefined).map(({ worker }) => worker.lastMetrics);
    const counted = await addCounts([await before, ...silent]);
    return renderMetrics([counted, ...current.flatMap(({ answer }) => (answer === undefined ? [] : [answer]))]);
  }

  /** The worst answer of the workers. */
  async readiness(): Promise<Probe> {
    const answers = await Promise.all(this.#asked().map((worker) => worker.ask("readiness", patience.readiness)));
    const probes = answers.filter((probe) => probe !== undefined);
    const isReady = (probe: Probe): boolean => probe.status === 200 && probe.body.startsWith('{"status":"ready"');
    return (
      probes.find(({ status }) => status !== 200) ??
      probes.find((probe) => !isReady(probe)) ??
      probes[0] ??
      starting(null)
    );
  }

  /** The workers that serve. If none does, those that start. */
  #asked(): readonly WorkerProcess[] {
    return [...(this.#serving.size > 0 ? this.#serving : this.#running)];
  }

  /** Stops all workers, which finish the requests in progress. */
  async close(): Promise<void> {
    this.#isStopping = true;
    for (const { timer } of this.#slots) clearTimeout(timer);
    process.once("exit", () => {
      for (const worker of this.#running) worker.kill(); // a second signal ends everything at once
    });
    await Promise.all([...this.#running].map((worker) => this.#end(worker, "stop")));
    if (this.#hasStarted) this.#ports.log.info("workers_stopped");
    await Promise.race([Promise.all(this.#logs), sleep(flushTimeout, undefined, { ref: false })]);
  }

  async #reload(): Promise<void> {
    const { log, load } = this.#ports;
    if (this.#isStopping) return;
    try {
      const next = await load();
      this.#drainTimeout = Math.max(this.#drainTimeout, next.drainTimeout);
      const settings = needRestart.filter((name) => next[name] !== this.#configuration[name]);
      if (settings.length > 0) log.warn("reload_needs_restart", { settings, detail: "these need a restart" });
      log.info("reloading");
      for (const slot of this.#slots) await this.#replace(slot);
      if (!this.#isStopping) log.info("reloaded");
    } catch (error) {
      log.fault("reload_failed", error, { detail: "the workers that were not replaced go on as before" });
    }
  }

  /** The new worker serves before the old one retires. Throws an OperatorFault if the new one cannot start. */
  async #replace(slot: Slot): Promise<void> {
    if (this.#isStopping) return;
    const old = slot.worker;
    const next = this.#spawn(old?.sockets ?? this.#port.bind(), slot);
    clearTimeout(slot.timer);
    slot.isReplacing = true;
    const serves = await next.serves;
    slot.isReplacing = false;
    if (this.#isStopping) return;
    if (serves) this.#adopt(slot, next);
    if (slot.worker === undefined || !this.#running.has(slot.worker)) this.#replaceLater(slot);
    if (!serves) {
      throw new OperatorFault(
        "A worker could not start with the new configuration: see its message on standard error, then send SIGHUP again.",
      );
    }
    if (old !== undefined && this.#running.has(old)) await this.#end(old, "retire");
  }

  /** Starts the worker of an empty place. */
  #fill(slot: Slot): WorkerProcess {
    const worker = this.#spawn(this.#port.bind(), slot);
    this.#adopt(slot, worker);
    return worker;
  }

  #adopt(slot: Slot, worker: WorkerProcess): void {
    slot.worker = worker;
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => (slot.failures = 0), steadyAfter).unref();
  }

  #spawn(sockets: WorkerSockets, slot: Slot): WorkerProcess {
    const { environment, output, log } = this.#ports;
    const worker = new WorkerProcess(sockets, environment, { othersServe: this.#serving.size > 0 });
    this.#running.add(worker);
    const copied = worker.copyLog(output).catch(() => {}); // an output that fails has ended the service, or loses lines
    this.#logs.add(copied);
    void copied.then(() => this.#logs.delete(copied));
    void worker.serves.then((serves) => {
      if (!serves || !this.#running.has(worker)) return;
      this.#serving.add(worker);
      void this.#watch(worker);
    });
    void worker.exited.then((exit) => {
      this.#running.delete(worker);
      this.#serving.delete(worker);
      this.#countedBefore = this.#countedBefore.then((before) => addCounts([before, worker.lastMetrics]));
      if (!this.#hasStarted || this.#isStopping || slot.worker !== worker) return;
      log.warn("worker_ended", { pid: worker.pid, code: exit.code, signal: exit.signal });
      if (!slot.isReplacing) this.#replaceLater(slot);
    });
    return worker;
  }

  /** The sockets are closed, so that the kernel gives no connection to a place without a worker. */
  #replaceLater(slot: Slot): void {
    for (const socket of slot.worker?.sockets ?? []) socket.close();
    slot.worker = undefined;
    const delay = Math.min(restartDelay.first * 2 ** slot.failures++, restartDelay.longest);
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => {
      try {
        this.#fill(slot);
      } catch (error) {
        this.#ports.log.fault("worker_not_started", error);
        this.#replaceLater(slot);
      }
    }, delay);
  }

  /** Kills a worker that is frozen: the connections that the kernel gives it would wait without an end. */
  async #watch(worker: WorkerProcess): Promise<void> {
    while ((await worker.ask("metrics", patience.silence)) !== undefined)
      await new Promise((resolve) => setTimeout(resolve, watchInterval).unref());
    if (this.#running.has(worker)) this.#kill(worker, "it did not answer");
  }

  #kill(worker: WorkerProcess, detail: string): void {
    this.#ports.log.warn("worker_killed", { pid: worker.pid, detail });
    worker.kill();
  }

  async #end(worker: WorkerProcess, message: SupervisorMessage): Promise<void> {
    worker.tell(message);
    const timer = setTimeout(() => this.#kill(worker, "it did not end in time"), 2 * this.#drainTimeout + endMargin);
    await worker.exited;
    clearTimeout(timer);
  }
}
