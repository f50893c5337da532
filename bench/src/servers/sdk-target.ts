import { createServer } from "node:http";
import { lifetime, scope } from "../work.ts";
import { port } from "./port.ts";

/** What SDKs are measured against: a token endpoint and an API that answer at once, and a count of the tokens asked. */

let tokens = 0;
const token = { access_token: "a".repeat(400), expires_in: lifetime, token_type: "Bearer" };
const answer = JSON.stringify({ ...token, scope });
const answerWithoutScope = JSON.stringify(token); // as Microsoft's service answers; with one, MSAL never finds it again

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
