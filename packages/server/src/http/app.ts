import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { deprecationHeaders } from "@carnet/protocol/deprecation";
import { paths, type TokenPath, versionOfPath } from "@carnet/protocol/endpoints";
import { resolveVersion } from "@carnet/protocol/versions";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import type { JWK } from "jose";
import type { Log } from "../log/logger.ts";
import { type AdminPorts, addAdminRoutes } from "./admin/admin-routes.ts";
import { addDocsRoutes } from "./docs-routes.ts";
import { headerValues } from "./header-values.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { addMetadataRoutes } from "./metadata-routes.ts";
import { answerBrokenMessage, answerUnknownRoute, createErrorHandler } from "./refused-requests.ts";
import { addTokenRoutes } from "./token-routes.ts";

/** What the HTTP side needs of the rest. */
export interface HttpPorts {
  readonly token: TokenEndpointPorts;
  readonly admin: AdminPorts;
  readonly publicKeys: readonly JWK[];
  readonly log: Log;
  /** Keeps what is recorded whatever the log level. */
  readonly records: Log;
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
  const onError = createErrorHandler(ports);
  const app = Fastify({
    logger: false,
    bodyLimit,
    requestTimeout: 30_000,
    return503OnClosing: false, // draining is answered by the routes, in the shape that callers read
    forceCloseConnections: "idle",
    trustProxy: ports.trustedProxies.length > 0 ? [...ports.trustedProxies] : false,
    genReqId: (request) => requestIdOf(request.headers["x-request-id"]) ?? ports.token.random.uuid(),
    clientErrorHandler: answerBrokenMessage(ports.token.random),
    frameworkErrors: (error, request, reply) => onError(error, request, reply.header("X-Request-ID", request.id)),
    routerOptions: { maxParamLength: 3 * 255 }, // the longest client id, percent-encoded
    http: { requireHostHeader: false }, // refused below instead, in the shape that callers read
  });
  // RFC 9110 §10.1.1: an expectation that is not known may be ignored, and Node would answer it without a body
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  addCommonHeaders(app, ports);
  closeAnsweredConnections(app, ports);
  const methodsOf = collectMethods(app);
  app.setErrorHandler(onError);
  app.addHook("onRequest", answerUnknownRoute(methodsOf));
  addTokenRoutes(app, ports);
  addMetadataRoutes(app, ports);
  addHealthRoutes(app, ports);
  addAdminRoutes(app, ports);
  addDocsRoutes(app, ports.token.policy.issuer);
  return app;
}

/** The caller's own request id, if it is 1 to 128 visible ASCII characters. */
const requestIdOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === "string" && /^[\x21-\x7e]{1,128}$/.test(header) ? header : undefined;

/** Headers that an answer carries whatever comes of the request. */
function addCommonHeaders(app: FastifyInstance, { token: { policy } }: HttpPorts): void {
  const deprecation = deprecationHeaders(policy.issuer, policy.sunsetAt);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("X-Request-ID", request.id);
    // RFC 9112 §3.2: HTTP/1.1 without a Host is answered 400, and any request with two
    const hosts = headerValues(request.raw.rawHeaders, "host").length;
    if (hosts > 1 || (hosts === 0 && request.raw.httpVersion === "1.1")) throw new BadHost();
    const path = tokenPathOf(request);
    if (path === undefined) return;
    const version = resolveVersion(headerText(request.headers["x-version"]), versionOfPath[path]);
    reply.header("X-Version", version.ok ? version.value : versionOfPath[path]);
    if (path === paths.deprecatedToken) reply.headers(deprecation);
  });
}

/** Once the service is to stop, the last answer on a connection closes it: kept alive it would hold up the end. */
function closeAnsweredConnections(app: FastifyInstance, { isDraining }: HttpPorts): void {
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (isDraining()) reply.header("Connection", "close");
    done(null, payload);
  });
  app.addHook("onResponse", (request, _reply, done) => {
    if (isDraining()) request.raw.socket.end(); // an answer that was on its way when it began says nothing of closing
    done();
  });
}

class BadHost extends Error {
  readonly statusCode = 400;
}

/** The token path that a request is for, however its URL spells it. */
export function tokenPathOf({ routeOptions, url }: FastifyRequest): TokenPath | undefined {
  const path = routeOptions.url ?? pathOf(url);
  return path === paths.token || path === paths.deprecatedToken ? path : undefined;
}

/** The path of a request target, which may be a whole URL (RFC 9112 §3.2.2). */
export const pathOf = (target: string): string => target.replace(/^[a-z]+:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");

/** A header that comes once, as text; what Node splits or repeats is put together as it was. */
export const headerText = (header: string | string[] | undefined): string | undefined =>
  typeof header === "object" ? header.join(", ") : header;

/** The methods that a path takes, as the routes come to be. */
function collectMethods(app: FastifyInstance): (path: string) => ReadonlySet<string> {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:\w+/g, "[^/]+")}$`);
    routes.push({ pattern, methods: [method].flat() });
  });
  return (path) => new Set(routes.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : [])));
}
