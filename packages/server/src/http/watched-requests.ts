import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ClientPath } from "@carnet/protocol/endpoints";
import type { FastifyInstance } from "fastify";
import type { AnsweredRequest, ServiceCounts } from "../metrics/service-counts.ts";
import type { Tracing } from "../trace/tracing.ts";
import { clientPathOf } from "./request-target.ts";

/** Answers a request. Returns early for routes, whose answers follow later. */
export type AsyncListener = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** The route pattern of each request that has one, such as `/admin/v1/clients/:client_id`. */
const routes = new WeakMap<IncomingMessage, string>();

/** Lets the listener below know the route of a request. Must be added before the routes. */
export function noteRoutes(app: FastifyInstance): void {
  app.addHook("onRequest", async (request) => {
    if (!request.is404) routes.set(request.raw, request.routeOptions.url ?? "");
  });
}

interface WatchPorts {
  readonly counts: Pick<ServiceCounts, "stopwatch" | "answered">;
  readonly tracing: Pick<Tracing, "begin">;
}

/** Counts and traces every request, until its answer is on its way or its caller has hung up. */
export const watchRequests =
  (handle: AsyncListener, { counts, tracing }: WatchPorts): RequestListener =>
  async (request, response) => {
    const startedAt = counts.stopwatch();
    const span = tracing.begin(request);
    const end = (): void => {
      const outcome = outcomeOf(request, response);
      counts.answered(outcome, startedAt);
      span?.end(outcome);
    };
    if (span === undefined) await handle(request, response);
    else await span.run(() => handle(request, response));
    if (response.writableEnded) end();
    else response.once("close", end);
  };

function outcomeOf(request: IncomingMessage, { statusCode: status }: ServerResponse): AnsweredRequest {
  const path = request.method === "POST" ? clientPathOf(request.url ?? "") : undefined;
  if (path !== undefined) return { path, operation: clientOperations[path], status };
  const route = routes.get(request);
  return route === undefined
    ? { path: "", operation: "unknown", status }
    : { path: route, operation: `${request.method} ${route}`, status };
}

/** Literal, because to join and hash a text for each token would cost more than to count it. */
const clientOperations: Readonly<Record<ClientPath, string>> = {
  "/oauth2/token": "POST /oauth2/token",
  "/iam/v1/oauth2/token": "POST /iam/v1/oauth2/token",
  "/oauth2/introspect": "POST /oauth2/introspect",
  "/oauth2/revoke": "POST /oauth2/revoke",
};
