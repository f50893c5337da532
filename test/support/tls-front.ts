import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../fixtures/tls");

/** The authority of the test certificate for `localhost`. Its own key was thrown away. */
export const caFile = join(folder, "ca.pem");

/** An `https:` front of a service, whose certificate no system trusts. */
export async function startTlsFront(target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const [cert, key] = ["server.pem", "server.key"].map((name) => readFileSync(join(folder, name)));
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const forwarded = request(`${target}${incoming.url}`, { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
