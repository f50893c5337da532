import { createHash } from "node:crypto";
import { paths } from "@carnet/protocol/endpoints";
import type { FastifyInstance } from "fastify";

/** `GET /`: what this service is and where to read on, for people who open its address in a browser. */
export function addHomePage(app: FastifyInstance): void {
  app.get(paths.home, async (_request, reply) => reply.headers(headers).send(page));
}

const style = `
      :root { color-scheme: light dark; }
      body { background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
      li { margin: 0.5rem 0; }
      code { overflow-wrap: anywhere; }
    `;

const links = [
  [paths.docs, "The API, to read"],
  [paths.openapi, "The same as OpenAPI, for tools"],
  [paths.authorizationServerMetadata, "Addresses of the endpoints, for client libraries"],
  [paths.jwks, "Public keys, for APIs that verify tokens"],
  [paths.ready, "Whether the service is ready"],
] as const;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Carnet</title>
    <link rel="icon" href="data:,">
    <style>${style}</style>
  </head>
  <body>
    <h1>Carnet</h1>
    <p>This is a token service for machines. An application exchanges its client id and secret for an access token with
    <code>POST ${paths.token}</code>, and calls APIs with it.</p>
    <ul>
      ${links.map(([path, text]) => `<li>${text}: <a href="${path}"><code>${path}</code></a></li>`).join("\n      ")}
    </ul>
  </body>
</html>
`;

const headers = {
  "Content-Type": "text/html;charset=UTF-8",
  "Cache-Control": "no-cache",
  // Only the style above, which the hash names
  "Content-Security-Policy":
    `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; img-src data:; ` +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
} as const;
