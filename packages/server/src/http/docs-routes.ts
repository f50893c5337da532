import { paths } from "@carnet/protocol/endpoints";
import type { FastifyInstance } from "fastify";
import { addDocument } from "./metadata-routes.ts";
import { addReaderScript } from "./reader-script.ts";

const readerScript = `${paths.docs}/reader.js`;

/** The API description, for programs and for people. The page loads nothing from other servers. */
export function addDocsRoutes(app: FastifyInstance, issuer: string): void {
  addDocument(app, paths.openapi, {
    type: "application/json",
    async make() {
      const { openApiDocument } = await import("./openapi.ts"); // loads the schemas, which the token path does without
      return JSON.stringify(openApiDocument(issuer));
    },
  });
  app.get(paths.docs, async (_request, reply) => reply.headers(pageHeaders).send(page));
  addReaderScript(app, readerScript);
}

const pageHeaders = {
  "Content-Type": "text/html;charset=UTF-8",
  "Cache-Control": "no-cache",
  // The reader inlines its styles, so styles alone need 'unsafe-inline'
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
} as const;

/**
 * Turns off everything that contacts the makers of the reader, and everything that takes credentials: a secret does not
 * belong in a web page, and the page would not send it as a form.
 */
const readerSettings = {
  url: paths.openapi,
  servers: [{ url: "/" }],
  agent: { disabled: true },
  telemetry: false,
  withDefaultFonts: false,
  hideClientButton: true,
  hideTestRequestButton: true,
  showDeveloperTools: "never",
  documentDownloadType: "direct",
  hiddenClients: ["unirest"],
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  defaultOpenAllTags: true,
  orderSchemaPropertiesBy: "preserve",
  customCss: 'a[href*="scalar.com"], .scalar-reference-intro-auth { display: none !important }',
} as const;

const attribute = (value: unknown): string =>
  JSON.stringify(value).replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Carnet API</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <noscript>This page needs JavaScript. The same description as JSON: <a href="${paths.openapi}">${paths.openapi}</a></noscript>
    <script id="api-reference" data-configuration="${attribute(readerSettings)}"></script>
    <script src="${readerScript}"></script>
  </body>
</html>
`;
