import type { AuditEvent } from "@carnet/core/audit/event";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import { type ClientPath, paths } from "@carnet/protocol/endpoints";
import type { EventConsumer } from "../audit/record-events.ts";
import { Latencies, Tally } from "./tally.ts";

/** Time that only moves forward, in milliseconds. */
export type Stopwatch = () => number;

/** Why a limit closed a connection. */
export type ClosedConnections = Readonly<Record<"server_full" | "address_full" | "pipelined" | "not_reading", number>>;

/**
 * What the service counts while it works. Known causes and tasks start at 0, because a rate misses the first step of a
 * series that appears late.
 */
export class ServiceCounts implements EventConsumer {
  readonly stopwatch: Stopwatch;
  issued = 0;
  returned = 0;
  connectionsOpen = 0;
  readonly refusals = new Tally();
  readonly requests = new Tally();
  readonly requestTimes = new Latencies();
  readonly closedConnections = new Tally();
  readonly storeTimes = new Latencies();
  readonly storeFailures = new Tally();
  readonly taskFailures = new Tally();

  constructor(stopwatch: Stopwatch) {
    this.stopwatch = stopwatch;
    this.connectionsClosed({ server_full: 0, address_full: 0, pipelined: 0, not_reading: 0 });
  }

  /** Counts a recorded event. */
  note(event: AuditEvent): void {
    if (event.event === "token_issued") this.issued++;
    else if (event.event === "token_returned") this.returned++;
    else if (event.event === "token_refused") this.refusals.add(endpointOf(event.path), event.reason);
  }

  /** Counts an answered request of an operation such as `POST /oauth2/token`, which must come from the code. */
  answered({ path, operation, status }: AnsweredRequest, startedAt: number): void {
    this.requests.add(operation, statusClasses[Math.floor(status / 100)] ?? "other");
    this.requestTimes.observe(endpointOf(path), (this.stopwatch() - startedAt) / 1000);
  }

  connectionsClosed(closed: ClosedConnections): void {
    for (const [cause, count] of Object.entries(closed)) this.closedConnections.add(cause, "", count);
  }

  taskSucceeded(task: string): void {
    this.taskFailures.add(task, "", 0);
  }

  taskFailed(task: string): void {
    this.taskFailures.add(task);
  }
}

export interface AnsweredRequest {
  /** The route, or "" if there is none. */
  readonly path: string;
  readonly operation: string;
  readonly status: number;
}

const statusClasses: readonly (string | undefined)[] = [undefined, "1xx", "2xx", "3xx", "4xx", "5xx"];

const endpoints: Readonly<Record<ClientPath, string>> = {
  [paths.token]: "token",
  [paths.deprecatedToken]: "token",
  [paths.introspect]: "introspect",
  [paths.revoke]: "revoke",
};

function endpointOf(path: string): string {
  const endpoint = (endpoints as Readonly<Record<string, string | undefined>>)[path];
  return endpoint ?? (path.startsWith(`${adminPath}/`) ? "admin" : "other");
}
