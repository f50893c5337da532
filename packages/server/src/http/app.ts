import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { deprecationHeaders } from "@carnet/protocol/deprecation";
import { paths, type TokenPath, versionOfPath } from "@carnet/protocol/endpoints";
import { resolveVersion } from "@carnet/protocol/versions";
import Fastify, { type FastifyInstance } from "fastify";
import type { JWK } from "jose";
import type { Log } from "../log/logger.ts";
import { addDocsRoutes } from "./docs-routes.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { addMetadataRoutes } from "./metadata-routes.ts";
import { answerBrokenMessage, answerUnknownRoute, createErrorHandler } from "./refused-requests.ts";
import { addTokenRoutes } from "./token-routes.ts";

/** What the HTTP side needs of the rest. */
export interface HttpPorts {
  readonly token: TokenEndpointPorts;
  readonly publicKeys: readonly JWK[];
  readonly log: Log;
  readonly trustedProxies: readonly string[];
  /** Fulfilled if the store answers. */
  checkStore(): Promise<void>;
  /** Whether the service is about to stop. */
  isDraining(): boolean;
}

/** The contract's limit for a request body. */
const bodyLimit = 64 * 1024;

/**
 * The service as request and answer; listens nowhere. The HTTP library logs nothing: what is logged goes through `Log`.
 */
export function buildApp(ports: HttpPorts): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit,
    requestTimeout: 30_000,
    return503OnClosing: false, // draining is answered by the routes, in the shape that callers read
    forceCloseConnections: "idle",
    trustProxy: ports.trustedProxies.length > 0 ? [...ports.trustedProxies] : false,
    genReqId: (request) => requestIdOf(request.headers["x-request-id"]) ?? ports.token.random.uuid(),
    clientErrorHandler: answerBrokenMessage(ports.token.random),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  addCommonHeaders(app, ports);
  const methodsOf = collectMethods(app);
  app.setErrorHandler(createErrorHandler(ports));
  app.setNotFoundHandler(answerUnknownRoute(methodsOf));
  addTokenRoutes(app, ports);
  addMetadataRoutes(app, ports);
  addHealthRoutes(app, ports);
  addDocsRoutes(app, ports.token.policy.issuer);
  return app;
}

/** The caller's own request id, if it is 1 to 128 visible ASCII characters. */
const requestIdOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === "string" && /^[\x21-\x7e]{1,128}$/.test(header) ? header : undefined;

/** Headers that an answer carries whatever comes of the request. */
function addCommonHeaders(app: FastifyInstance, { token: { policy }, isDraining }: HttpPorts): void {
  const deprecation = deprecationHeaders(policy.issuer, policy.sunsetAt);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("X-Request-ID", request.id);
    const path = tokenPathOf(request.url);
    if (path === undefined) return;
    const version = resolveVersion(headerText(request.headers["x-version"]), versionOfPath[path]);
    reply.header("X-Version", version.ok ? version.value : versionOfPath[path]);
    if (path === paths.deprecatedToken) reply.headers(deprecation);
  });
  // As late as can be: a connection that stays open after its last answer would hold up the stop
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (isDraining()) reply.header("Connection", "close");
    done(null, payload);
  });
}

/** The token path that a URL names, if it names one. */
export function tokenPathOf(url: string): TokenPath | undefined {
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  return path === paths.token || path === paths.deprecatedToken ? path : undefined;
}

/** A header that comes once, as text; what Node splits or repeats is put together as it was. */
export const headerText = (header: string | string[] | undefined): string | undefined =>
  typeof header === "object" ? header.join(", ") : header;

function collectMethods(app: FastifyInstance): ReadonlyMap<string, ReadonlySet<string>> {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsOf.set(url, methods);
  });
  return methodsOf;
}
