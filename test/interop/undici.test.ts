import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { type Fetch, SDK } from "@carnet/sdk";
import { Agent, Request as UndiciRequest, fetch as undiciFetch } from "undici";

/** A server that answers tokens, and tells how each API call arrived. */
async function withServer(run: (serverURL: string) => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (request.url === "/oauth2/token") {
      response.end(JSON.stringify({ access_token: "token-1", token_type: "Bearer", expires_in: 60 }));
    } else {
      const { "content-length": length = "-", authorization = "-", "x-hook": hook = "-" } = request.headers;
      seen.push(`${request.method} ${request.url} ${authorization} length ${length} hook ${hook} ${body}`);
      response.end("ok");
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    await run(`http://127.0.0.1:${Object(server.address()).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return seen;
}

const SECURITY = { clientId: "undici", clientSecret: "not-a-real-secret" };

test("undici's fetch and dispatcher work with hooks, with Request inputs of either class, and with both", async () => {
  const dispatcher = new Agent();
  const httpClient: Fetch = (input, init) => Object(undiciFetch(Object(input), { ...Object(init), dispatcher }));
  const hooks = {
    beforeRequest: (request: Request) =>
      new Request(request, { headers: { ...Object.fromEntries(request.headers), "x-hook": "1" } }),
  };
  const seen = await withServer(async (serverURL) => {
    for (const more of [{}, { hooks }]) {
      const sdk = new SDK({ security: SECURITY, serverURL, httpClient, ...more });
      const init = { method: "POST", body: "data" };
      for (const call of [
        sdk.fetch("/x", init),
        sdk.fetch(new Request(`${serverURL}/x`, init)),
        sdk.fetch(Object(new UndiciRequest(`${serverURL}/x`, init))),
      ])
        assert.equal(await (await call).text(), "ok");
    }
  });
  await dispatcher.close();
  const line = (hook: string) => `POST /x Bearer token-1 length 4 hook ${hook} data`;
  assert.deepEqual(seen, [...Array(3).fill(line("-")), ...Array(3).fill(line("1"))]);
});
