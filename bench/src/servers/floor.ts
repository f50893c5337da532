import cluster from "node:cluster";
import { createServer } from "node:http";
import { answerBody } from "./floor-answer.ts";
import { port } from "./port.ts";

/**
 * The least work per token in Node: read the body, make one ES256 signature with a loaded key, and send as many bytes as
 * Carnet. It checks nothing, so it is not a token service. Several processes share the port as Carnet's workers do: each
 * has its own socket, and the kernel distributes the connections.
 */

const processes = Number(process.env["FLOOR_PROCESSES"] ?? 1);

if (processes > 1 && cluster.isPrimary) {
  for (let started = 0; started < processes; started++) cluster.fork();
} else serve();

function serve(): void {
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      Buffer.concat(chunks).toString();
      const body = answerBody();
      response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
      response.end(body);
    });
  }).listen({ port, host: "127.0.0.1", reusePort: processes > 1 });
}
