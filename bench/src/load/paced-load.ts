import { setTimeout as pause } from "node:timers/promises";
import { requestSource } from "./caller-source.ts";
import { Connection } from "./connection.ts";
import type { Load } from "./job.ts";
import type { Meter } from "./meter.ts";

/** A running load. */
export interface PacedLoad {
  /** Sends no more, waits some seconds for the answers that are due, and returns how many did not come. */
  stop(patience: number): Promise<number>;
}

/** Starts a load that runs until it is stopped. */
export function startLoad(load: Load, meter: Meter): Promise<PacedLoad> {
  switch (load.pace.kind) {
    case "closed":
      return startClosedLoop(load, load.pace.connections, meter);
    case "open":
      return startOpenLoop(load, load.pace, meter);
    default:
      return load.pace satisfies never;
  }
}

async function startClosedLoop(load: Load, count: number, meter: Meter): Promise<PacedLoad> {
  const next = requestSource(load);
  let running = true;
  const send = (connection: Connection): void => {
    connection.intendedAt = performance.now();
    connection.send(next());
  };
  const connections = await openConnections(load, count, (connection, status) => {
    meter.answered(status, performance.now() - connection.intendedAt);
    if (running) send(connection);
  });
  connections.forEach(send);
  return {
    stop(patience) {
      running = false;
      return closeAfterAnswers(connections, patience);
    },
  };
}

/**
 * Sends each request when it is due, or as soon as a connection is free. Latency counts from when it was due. The loop does
 * not sleep when the next request is near, because a timer's error exceeds the latencies measured.
 */
async function startOpenLoop(load: Load, pace: Load["pace"] & { kind: "open" }, meter: Meter): Promise<PacedLoad> {
  const next = requestSource(load);
  const interval = 1000 / pace.rate;
  const nextInterval = pace.arrivals === "even" ? () => interval : () => -Math.log(1 - Math.random()) * interval;
  let running = true;
  const free: Connection[] = await openConnections(load, pace.connections, (connection, status) => {
    meter.answered(status, performance.now() - connection.intendedAt);
    free.push(connection);
    sendDue();
  });
  const all = [...free];
  let due = performance.now();
  let freeSince = due;
  const sendDue = (): void => {
    if (free.length === 1) freeSince = performance.now();
    for (let now = performance.now(); due <= now && running; now = performance.now()) {
      const connection = free.pop();
      if (connection === undefined) return;
      connection.intendedAt = due;
      if (due >= freeSince) meter.sent(now - due); // Otherwise it waited for a connection, which is the contender's delay.
      connection.send(next());
      due += nextInterval();
    }
  };
  const tick = (): void => {
    sendDue();
    if (!running) return;
    if (due - performance.now() > 3) setTimeout(tick, 1);
    else setImmediate(tick);
  };
  tick();
  return {
    stop(patience) {
      running = false;
      return closeAfterAnswers(all, patience);
    },
  };
}

async function openConnections(
  load: Load,
  count: number,
  onAnswer: (connection: Connection, status: number) => void,
): Promise<Connection[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, () => Connection.open(load.port, onAnswer)));
  const connections = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = opened.find((one) => one.status === "rejected");
  if (failed === undefined) return connections;
  for (const connection of connections) connection.close();
  throw failed.reason;
}

async function closeAfterAnswers(connections: readonly Connection[], patience: number): Promise<number> {
  const missing = (): number => connections.filter(({ isWaiting }) => isWaiting).length;
  const start = performance.now();
  while (missing() > 0 && performance.now() - start < patience * 1000) await pause(1);
  const unanswered = missing();
  for (const connection of connections) connection.close();
  return unanswered;
}
