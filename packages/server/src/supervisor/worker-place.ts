import type { Probe } from "../http/health-routes.ts";
import type { MetricsJson } from "../metrics/node-metrics.ts";

/** What a supervisor and its workers know of each other. */

/** What a supervisor gives to a worker. */
export interface WorkerPlace {
  /** The descriptors of bound sockets to listen on. */
  readonly sockets: readonly number[];
  /** Whether other workers serve the port already. Then this one listens only when it can serve too. */
  readonly othersServe: boolean;
}

/** What a supervisor asks its workers for, even while they start. Each answer is a message with one of the two. */
export interface WorkerReport {
  readonly metrics: MetricsJson;
  readonly readiness: Probe;
}

/** `retire`: let another worker take over, then stop. `stop`: stop now. Otherwise what to report. */
export type SupervisorMessage = "retire" | "stop" | keyof WorkerReport;

/** A worker also tells its metrics before it ends. */
export type WorkerMessage = "serves" | Partial<WorkerReport>;

/** Makes a process a worker. Only a supervisor sets it. */
const placeVariable = "CARNET_WORKER";

/** The descriptors before it are the standard ones and the channel to the supervisor. */
const firstSocket = 4;

/** The environment variable of a worker with so many sockets. */
export const placeAsVariable = (sockets: number, { othersServe }: Pick<WorkerPlace, "othersServe">) => ({
  [placeVariable]: JSON.stringify({
    sockets: Array.from({ length: sockets }, (_, index) => firstSocket + index),
    othersServe,
  } satisfies WorkerPlace),
});

/** Reads and removes the variable. undefined: this process is no worker. */
export function takeWorkerPlace(): WorkerPlace | undefined {
  const place = process.env[placeVariable];
  if (place === undefined || process.send === undefined) return undefined;
  delete process.env[placeVariable];
  return JSON.parse(place);
}
