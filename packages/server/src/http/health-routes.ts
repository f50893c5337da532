import { paths } from "@carnet/protocol/endpoints";
import type { FastifyInstance } from "fastify";
import type { StoreGrace } from "../store/store-contact.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { HttpPorts } from "./http-ports.ts";

/**
 * Probes: `live` means that the process answers, `ready` that it can issue tokens: it has keys, a store and a journal.
 * While the store is away and clients in memory still get tokens, it is `degraded`, with status 200.
 */
export function addHealthRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const { keys, checkStore, storeGrace, isDraining, isJournalUnavailable, log } = ports;
  app.get(paths.live, async (_request, reply) => reply.headers(probeHeaders).send('{"status":"live"}'));
  app.get(paths.ready, async (request, reply) => {
    reply.headers(probeHeaders);
    const fault: unknown = await checkStore().then(
      () => undefined,
      (error: unknown) => error,
    );
    const isAway = fault instanceof StoreUnavailable; // logged when it was noticed
    if (fault !== undefined && !isAway) log.fault("store_check_failed", fault, { requestId: request.id });
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
    const why = isAway ? { detail: fault.message, ...graceFacts(grace) } : {};
    return reply.code(status === "unavailable" ? 503 : 200).send(JSON.stringify({ status, ...checks, ...why }));
  });
}

const graceFacts = ({ since, ends }: StoreGrace) => ({
  store_away_since: new Date(since).toISOString(),
  grace_ends: new Date(ends).toISOString(),
});

export const probeHeaders = { "Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store" } as const;
