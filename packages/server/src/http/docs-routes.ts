import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { paths } from "@carnet/protocol/endpoints";
import type { FastifyInstance } from "fastify";
import { addDocument } from "./metadata-routes.ts";
import { openApiDocument } from "./openapi.ts";

const readerScript = `${paths.docs}/reader.js`;

// The package's own plugin would add a second set of routes and a proxy; its browser bundle is all that is needed
const readerFile = fileURLToPath(new URL("./js/standalone.js", import.meta.resolve("@scalar/fastify-api-reference")));

/** The API's description, for programs and for people. The page asks nothing of any other server. */
export function addDocsRoutes(app: FastifyInstance, issuer: string): void {
  addDocument(app, paths.openapi, { type: "application/json", body: JSON.stringify(openApiDocument(issuer)) });
  app.get(paths.docs, async (_request, reply) => reply.headers(pageHeaders).send(page));
  app.get(readerScript, async (_request, reply) =>
    reply
      .headers({ "Content-Type": "text/javascript;charset=UTF-8", "Cache-Control": "public, max-age=86400" })
      .send(createReadStream(readerFile)),
  );
}

const pageHeaders = {
  "Content-Type": "text/html;charset=UTF-8",
  "Cache-Control": "no-cache",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
} as const;

const readerSettings = JSON.stringify({
  url: paths.openapi,
  withDefaultFonts: false,
  hideClientButton: true,
  telemetry: false,
}).replaceAll('"', "&quot;");

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Carnet API</title>
  </head>
  <body>
    <noscript>This page needs JavaScript. The same description as JSON: <a href="${paths.openapi}">${paths.openapi}</a></noscript>
    <script id="api-reference" data-url="${paths.openapi}" data-configuration="${readerSettings}"></script>
    <script src="${readerScript}"></script>
  </body>
</html>
`;
