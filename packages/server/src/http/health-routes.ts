import { paths } from "@carnet/protocol/endpoints";
import type { FastifyInstance } from "fastify";
import type { HttpPorts } from "./http-ports.ts";

/** Probes: `live` means that the process answers, `ready` that it can issue tokens: it has keys, a store and a journal. */
export function addHealthRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const { keys, checkStore, isDraining, isJournalUnavailable, log } = ports;
  app.get(paths.live, async (_request, reply) => reply.headers(probeHeaders).send('{"status":"live"}'));
  app.get(paths.ready, async (request, reply) => {
    reply.headers(probeHeaders);
    const checks = {
      draining: isDraining(),
      keys: keys.published.length > 0,
      store: await checkStore().then(
        () => true,
        (error: unknown) => {
          log.fault("store_check_failed", error, { requestId: request.id });
          return false;
        },
      ),
      journal: !isJournalUnavailable(),
    };
    const ready = !checks.draining && checks.keys && checks.store && checks.journal;
    return reply.code(ready ? 200 : 503).send(JSON.stringify({ status: ready ? "ready" : "unavailable", ...checks }));
  });
}

const probeHeaders = { "Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store" } as const;
