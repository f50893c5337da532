import { createServer } from "node:http";
import { answerBody } from "./floor-answer.ts";
import { port } from "./port.ts";

/**
 * The least that a token can cost in Node: the body is read, one ES256 signature made with a key that is ready, and as
 * many bytes answered as ours answers. It checks nothing, so it is no token service.
 */

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    Buffer.concat(chunks).toString();
    const body = answerBody();
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
    response.end(body);
  });
}).listen(port, "127.0.0.1");
