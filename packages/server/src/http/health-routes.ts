import { paths } from "@carnet/protocol/endpoints";
import type { FastifyInstance } from "fastify";
import type { StoreGrace } from "../store/store-contact.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { HttpPorts } from "./http-ports.ts";

/** The answer of a probe. */
export interface Probe {
  readonly status: 200 | 503;
  readonly body: string;
}

/** The process answers. */
export const live: Probe = { status: 200, body: '{"status":"live"}' };

/** Strangers can send probes, so the place of the database is only in the log. */
export const withoutPlace = (reason: string, storeName: string): string => reason.replaceAll(storeName, "CARNET_STORE");

/** The start waits for the store. */
export const starting = (reason: string | null): Probe => ({
  status: 503,
  body: JSON.stringify({ status: "starting", store: false, detail: reason }),
});

export type ReadinessPorts = Pick<
  HttpPorts,
  "keys" | "checkStore" | "storeGrace" | "storeName" | "isDraining" | "isJournalUnavailable" | "log"
>;

/**
 * Whether the process can issue tokens: it has keys, a store and a journal. While the store is away and clients in
 * memory still get tokens, it is `degraded`, with status 200.
 */
export async function checkReadiness(ports: ReadinessPorts, requestId: string | null): Promise<Probe> {
  const { keys, checkStore, storeGrace, storeName, isDraining, isJournalUnavailable, log } = ports;
  const fault: unknown = await checkStore().then(
    () => undefined,
    (error: unknown) => error,
  );
  const isAway = fault instanceof StoreUnavailable; // logged when it was noticed
  if (fault !== undefined && !isAway) log.fault("store_check_failed", fault, { requestId });
  const grace = storeGrace();
  const checks = {
    draining: isDraining(),
    keys: keys.published.length > 0,
    store: fault === undefined,
    journal: !isJournalUnavailable(),
  };
  const isOpen = !checks.draining && checks.keys && checks.journal;
  const isDegraded = isAway && !grace.isOver;
  const status = !isOpen ? "unavailable" : checks.store ? "ready" : isDegraded ? "degraded" : "unavailable";
  const why = isAway ? { detail: withoutPlace(fault.message, storeName), ...graceFacts(grace) } : {};
  return { status: status === "unavailable" ? 503 : 200, body: JSON.stringify({ status, ...checks, ...why }) };
}

/** Serves the probes to callers. */
export function addHealthRoutes(app: FastifyInstance, ports: ReadinessPorts): void {
  app.get(paths.live, async (_request, reply) => reply.headers(probeHeaders).send(live.body));
  app.get(paths.ready, async (request, reply) => {
    const { status, body } = await checkReadiness(ports, request.id);
    return reply.code(status).headers(probeHeaders).send(body);
  });
}

const graceFacts = ({ since, ends }: StoreGrace) => ({
  store_away_since: new Date(since).toISOString(),
  grace_ends: new Date(ends).toISOString(),
});

export const probeHeaders = { "Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store" } as const;
