import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { lazy } from "./lazy.ts";
import { isKnown } from "./metadata-routes.ts";

// Only the browser bundle: the package's own plugin would add a second set of routes and a proxy. `#reader` is that package
// in a clone, and the service's own folder in the packed `carnet`, which has a copy of the bundle.
const file = fileURLToPath(new URL("./js/standalone.js", import.meta.resolve("#reader")));

/**
 * Serves the script that draws the API page: 3.4 MB, or 1 MB compressed. It is read and compressed on first use. All
 * answers share the two buffers, so a caller that never reads holds neither a copy nor a file descriptor.
 */
export function addReaderScript(app: FastifyInstance, path: string): void {
  const prepared = lazy(prepare);
  app.get(path, async (request, reply) => {
    const { tag, script, compressed } = await prepared();
    const small = acceptsGzip(request.headers["accept-encoding"]);
    const etag = small ? `"${tag}-gzip"` : `"${tag}"`; // RFC 9110 §8.8.3.3: another coding, another tag
    reply.headers({ ...headers, ETag: etag });
    if (isKnown(etag, request.headers["if-none-match"])) return reply.code(304).send();
    reply.header("Content-Type", "text/javascript;charset=UTF-8");
    return small ? reply.header("Content-Encoding", "gzip").send(compressed) : reply.send(script);
  });
}

interface Prepared {
  readonly tag: string;
  readonly script: Buffer;
  readonly compressed: Buffer;
}

async function prepare(): Promise<Prepared> {
  const script = await readFile(file);
  const tag = createHash("sha256").update(script).digest("base64url").slice(0, 22);
  return { tag, script, compressed: await promisify(gzip)(script, { level: 9 }) };
}

const headers = {
  "Cache-Control": "public, no-cache", // revalidated each time, which costs a 304
  Vary: "Accept-Encoding",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Whether a caller accepts gzip. @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3 */
function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const codings = (acceptEncoding ?? "").toLowerCase().split(",");
  return codings.some((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?:0\.\d*[1-9]\d*|1(?:\.0*)?)\s*)?$/.test(coding));
}
