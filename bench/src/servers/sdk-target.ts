import { createServer } from "node:http";
import { lifetime, scope } from "../workload.ts";
import { port } from "./port.ts";

/** The target of the SDK benchmark: a token endpoint and an API that respond at once, and a count of token requests. */

let tokens = 0;
const token = { access_token: "a".repeat(400), expires_in: lifetime, token_type: "Bearer" };
const answer = JSON.stringify({ ...token, scope });
const answerWithoutScope = JSON.stringify(token); // Like Microsoft's service. With a scope, MSAL never finds the token in its cache.

createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    const body = answerTo(request.url ?? "");
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
    response.end(body);
  });
}).listen({ port, host: "127.0.0.1", backlog: 4096 });

function answerTo(url: string): string {
  if (url === "/count") return JSON.stringify({ tokens });
  if (url.startsWith("/api")) return '{"ok":true}';
  if (url.includes("/.well-known/")) return "{}";
  tokens++;
  return url.includes("/v2.0/") ? answerWithoutScope : answer;
}
