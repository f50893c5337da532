import { requestSource } from "./caller-source.ts";
import { Connection } from "./connection.ts";
import type { Load } from "./job.ts";
import type { Meter } from "./meter.ts";

/** A load that is on. */
export interface PacedLoad {
  stop(): void;
}

/** Puts a load on until it is stopped. */
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
  let going = true;
  const send = (connection: Connection): void => {
    connection.intendedAt = performance.now();
    connection.send(next());
  };
  const connections = await openConnections(load, count, (connection, status) => {
    meter.answered(status, performance.now() - connection.intendedAt);
    if (going) send(connection);
  });
  connections.forEach(send);
  return {
    stop() {
      going = false;
      for (const connection of connections) connection.close();
    },
  };
}

/**
 * Sends each request when it is due if a connection is free, and else as soon as one is; its latency counts from when
 * it was due. The loop does not sleep while a request is near, since timers would be late by more than what is measured.
 */
async function startOpenLoop(load: Load, pace: Load["pace"] & { kind: "open" }, meter: Meter): Promise<PacedLoad> {
  const next = requestSource(load);
  const distance = 1000 / pace.rate;
  const pause = pace.arrivals === "even" ? () => distance : () => -Math.log(1 - Math.random()) * distance;
  let going = true;
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
    for (let now = performance.now(); due <= now && going; now = performance.now()) {
      const connection = free.pop();
      if (connection === undefined) return;
      connection.intendedAt = due;
      if (due >= freeSince) meter.sent(now - due); // else it waited for a connection, which is the contender's doing
      connection.send(next());
      due += pause();
    }
  };
  const turn = (): void => {
    sendDue();
    if (!going) return;
    if (due - performance.now() > 3) setTimeout(turn, 1);
    else setImmediate(turn);
  };
  turn();
  return {
    stop() {
      going = false;
      for (const connection of all) connection.close();
    },
  };
}

function openConnections(
  load: Load,
  count: number,
  onAnswer: (connection: Connection, status: number) => void,
): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(load.port, onAnswer)));
}
