import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { deprecationHeaders } from "@carnet/protocol/deprecation";
import { paths } from "@carnet/protocol/endpoints";
import Fastify, { type FastifyInstance } from "fastify";
import type { JWK } from "jose";
import type { Log } from "../log/logger.ts";
import { type AdminPorts, addAdminRoutes } from "./admin/admin-routes.ts";
import { BadHost, hasOneHost } from "./bad-host.ts";
import { createAddressReader } from "./caller-address.ts";
import { addDocsRoutes } from "./docs-routes.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { createHttpServer } from "./http-server.ts";
import { addMetadataRoutes } from "./metadata-routes.ts";
import { answerBrokenMessage, answerUnknownRoute, createErrorHandler } from "./refused-requests.ts";
import { requestIdOf } from "./request-id.ts";
import { tokenPathOf } from "./request-target.ts";
import { createTokenHandler, versionHeader } from "./token-handler.ts";

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
  /** Whether the log is so far behind that nothing more can be recorded. */
  isLogStalled(): boolean;
}

/**
 * The service as request and answer; listens nowhere. The HTTP library logs nothing: what is logged goes through `Log`.
 */
export function buildApp(ports: HttpPorts): FastifyInstance {
  const onError = createErrorHandler(ports.log);
  const addressOf = createAddressReader(ports.trustedProxies);
  const handleToken = createTokenHandler(ports, addressOf);
  const app = Fastify({
    logger: false,
    serverFactory: (handleRoutes) => createHttpServer(handleToken, handleRoutes),
    return503OnClosing: false, // draining is answered by the routes, in the shape that callers read
    forceCloseConnections: "idle",
    genReqId: (request) => requestIdOf(request, ports.token.random),
    clientErrorHandler: answerBrokenMessage(ports.token.random),
    frameworkErrors: (error, request, reply) => onError(error, request, reply.header("X-Request-ID", request.id)),
    routerOptions: { maxParamLength: 3 * 255 }, // the longest client id, percent-encoded
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  addCommonHeaders(app, ports);
  closeAnsweredConnections(app, ports);
  const methodsOf = collectMethods(app);
  app.setErrorHandler(onError);
  app.addHook("onRequest", answerUnknownRoute(methodsOf));
  addMetadataRoutes(app, ports);
  addHealthRoutes(app, ports);
  addAdminRoutes(app, { ...ports, addressOf });
  addDocsRoutes(app, ports.token.policy.issuer);
  return app;
}

/** Headers that an answer carries whatever comes of the request. */
function addCommonHeaders(app: FastifyInstance, { token: { policy } }: HttpPorts): void {
  const deprecation = deprecationHeaders(policy.issuer, policy.sunsetAt);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("X-Request-ID", request.id);
    if (!hasOneHost(request.raw)) throw new BadHost();
    const path = tokenPathOf(request.url); // asked by a method that it does not take
    if (path === undefined) return;
    reply.header("X-Version", versionHeader(headerText(request.headers["x-version"]), path));
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

/** A header that comes once, as text; what Node splits or repeats is put together as it was. */
const headerText = (header: string | string[] | undefined): string | undefined =>
  typeof header === "object" ? header.join(", ") : header;

/** The methods that a path takes, as the routes come to be; those of a token have no route here. */
function collectMethods(app: FastifyInstance): (path: string) => ReadonlySet<string> {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:\w+/g, "[^/]+")}$`);
    routes.push({ pattern, methods: [method].flat() });
  });
  return (path) => {
    if (tokenPathOf(path) !== undefined) return new Set(["POST"]);
    return new Set(routes.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : [])));
  };
}
