import type { Server } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import { addAdminRoutes } from "./admin/admin-routes.ts";
import { createProxyTrust } from "./caller-address.ts";
import { addDocsRoutes } from "./docs-routes.ts";
import { createEdge } from "./edge.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { addHomePage } from "./home-page.ts";
import type { HttpPorts } from "./http-ports.ts";
import { createHttpServer } from "./http-server.ts";
import { addMetadataRoutes } from "./metadata-routes.ts";
import { answerBrokenMessage, answerUnknownRoute, createErrorHandler } from "./refused-requests.ts";
import { contextOf } from "./request-context.ts";
import { clientPathOf } from "./request-target.ts";
import { addRevocationFeed } from "./revocation-feed-route.ts";
import { type AsyncListener, noteRoutes } from "./watched-requests.ts";

/**
 * Builds the HTTP application. `serve` gives its handler to a server that listens already. Fastify logs nothing: every
 * line goes through `Log`.
 */
export function buildApp(ports: HttpPorts, serve?: (handle: AsyncListener) => Server): FastifyInstance {
  const edge = { ...ports, isTrustedProxy: createProxyTrust(ports.trustedProxies) };
  const onError = createErrorHandler(ports.log);
  const app = Fastify({
    logger: false,
    serverFactory(handleRoutes) {
      const handle = createEdge(edge, handleRoutes);
      return serve === undefined ? createHttpServer(handle, edge) : serve(handle);
    },
    return503OnClosing: false, // the edge answers while draining, in the format of the path
    forceCloseConnections: "idle",
    genReqId: (request) => contextOf(request).requestId,
    clientErrorHandler: answerBrokenMessage(ports.token, ports.counts),
    frameworkErrors: onError,
    // Routes have no Fastify schemas, and its compilers would take memory and time at every start
    schemaController: { compilersFactory: { buildValidator: refuseSchemas, buildSerializer: refuseSchemas } },
    routerOptions: { maxParamLength: 3 * 255 }, // the longest client id, percent-encoded
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const methodsOf = collectMethods(app);
  app.setErrorHandler(onError);
  noteRoutes(app);
  app.addHook("onRequest", answerUnknownRoute(methodsOf));
  addMetadataRoutes(app, ports);
  addRevocationFeed(app, ports);
  addHealthRoutes(app, ports);
  addAdminRoutes(app, ports);
  addDocsRoutes(app, ports.token.policy.issuer);
  addHomePage(app);
  return app;
}

function refuseSchemas(): never {
  throw new Error("a route has a Fastify schema: the operations check their own bodies");
}

/** Collects the methods of each path while the routes are added; the paths that the edge handles have no route. */
function collectMethods(app: FastifyInstance): (path: string) => ReadonlySet<string> {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:\w+/g, "[^/]+")}$`);
    routes.push({ pattern, methods: [method].flat() });
  });
  return (path) => {
    if (clientPathOf(path) !== undefined) return new Set(["POST"]);
    return new Set(routes.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : [])));
  };
}
