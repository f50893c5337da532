import { paths } from "@carnet/protocol/endpoints";
import type { FastifyInstance } from "fastify";
import type { HttpPorts } from "./http-ports.ts";

/** Probes: `live` means that the process answers, `ready` that its keys and its store do. Neither depends on the log. */
export function addHealthRoutes(app: FastifyInstance, { keys, checkStore, isDraining, log }: HttpPorts): void {
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
    };
    const ready = !checks.draining && checks.keys && checks.store;
    return reply.code(ready ? 200 : 503).send(JSON.stringify({ status: ready ? "ready" : "unavailable", ...checks }));
  });
}

const probeHeaders = { "Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store" } as const;
