import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSocketServer, type Socket, type Server as SocketServer } from "node:net";
import { test } from "node:test";
import { CarnetError, ConnectionError, ResponseValidationError, SDK, SDKError } from "@carnet/sdk";
import { CLIENT_ID, CLIENT_SECRET, failure } from "./support/sdk-for.ts";

const SECURITY = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET };

async function withServer<T>(server: Server | SocketServer, run: (serverURL: string) => Promise<T>): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  try {
    return await run(`http://127.0.0.1:${address.port}`);
  } finally {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  }
}

/** The error of a token request to a server with this handler, over a real connection. */
function errorFrom(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<unknown> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(request, response));
  });
  return withServer(server, requestToken);
}

/** The error of a token request to a raw socket server. */
function errorFromBytes(talk: (socket: Socket) => void): Promise<unknown> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => talk(socket));
  });
  return withServer(server, requestToken).finally(() => {
    for (const socket of sockets) socket.destroy();
  });
}

async function requestToken(serverURL: string): Promise<unknown> {
  const sdk = new SDK({ security: SECURITY, serverURL, retryConfig: { maxRetries: 0 } });
  const error = await failure(sdk.iam.tokenRequest());
  assert.ok(error instanceof CarnetError, String(error));
  assert.ok(!JSON.stringify(error).includes(CLIENT_SECRET));
  return error;
}

test("a server that drops the connection causes a ConnectionError", async () => {
  assert.ok((await errorFromBytes((socket) => socket.destroy())) instanceof ConnectionError);
});

test("a refused connection causes a ConnectionError with mayHaveArrived false", async () => {
  const serverURL = await withServer(createServer(), async (url) => url);
  const error = await requestToken(serverURL);
  assert.ok(error instanceof ConnectionError);
  assert.equal(error.mayHaveArrived, false);
});

test("an incomplete response causes a ConnectionError", async () => {
  const error = await errorFromBytes((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{");
    socket.end();
  });
  assert.ok(error instanceof ConnectionError, String(error));
  const chunked = await errorFromBytes((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"acc\r\n');
    socket.end();
  });
  assert.ok(chunked instanceof CarnetError, String(chunked));
});

test("a response that is not HTTP causes a ConnectionError", async () => {
  assert.ok((await errorFromBytes((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"))) instanceof ConnectionError);
});

test("a server that stalls in its headers or its body causes a timeout", async () => {
  for (const start of ["", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"]) {
    const sockets: Socket[] = [];
    let fire = (): void => {};
    const server = createSocketServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      // Let the limit pass once the request has arrived.
      socket.once("data", () => socket.write(start, () => setImmediate(() => fire())));
    });
    const clock = {
      now: () => 0,
      monotonic: () => 0,
      after: (_: number, callback: () => void) => {
        fire = callback;
        return () => {};
      },
    };
    const error = await withServer(server, (serverURL) =>
      failure(new SDK({ security: SECURITY, serverURL, clock }).iam.tokenRequest({}, { retries: 0 })),
    ).finally(() => {
      for (const socket of sockets) socket.destroy();
    });
    assert.equal(Reflect.get(Object(error), "code"), "RequestTimeoutError", String(error));
  }
});

test("members of the wrong type cause a ResponseValidationError", async () => {
  const error = await errorFrom((_, response) => response.end(JSON.stringify({ access_token: 7, token_type: true })));
  assert.ok(error instanceof ResponseValidationError);
});

test("a token with line breaks is rejected", async () => {
  const body = { access_token: "abc\r\nX-Admin: true", token_type: "Bearer", expires_in: 1 };
  const error = await errorFrom((_, response) => response.end(JSON.stringify(body)));
  assert.ok(error instanceof ResponseValidationError);
  assert.equal(error.field, "access_token");
});

test("200 with HTML causes a ResponseValidationError that keeps the page", async () => {
  const error = await errorFrom((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<html>Please sign in</html>");
  });
  assert.ok(error instanceof ResponseValidationError);
  assert.equal(error.rawResponse().body, "<html>Please sign in</html>");
});

test("an endless body is cancelled after 64 KiB, for success and failure", async () => {
  for (const status of [200, 503]) {
    let written = 0;
    const error = await errorFrom((_, response) => {
      response.writeHead(status);
      const more = (): void => {
        while (!response.destroyed && written < 1e9) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536, "a"))) return void response.once("drain", more);
        }
      };
      more();
    });
    assert.ok(error instanceof ResponseValidationError || error instanceof SDKError, String(error));
    assert.equal(error.rawResponse().body.length, 65_536);
    assert.ok(written < 50_000_000, `${written} bytes were taken`);
  }
});

test("a redirect to another host is not followed, so the secret does not leak", async () => {
  const bodies: string[] = [];
  const thief = createServer((request, response) => {
    request.on("data", (data) => bodies.push(String(data)));
    request.on("end", () => response.end("{}"));
  });
  await withServer(thief, async (elsewhere) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const error = await errorFrom((_, response) => {
        response.writeHead(status, { location: `${elsewhere}/steal` });
        response.end();
      });
      assert.ok(error instanceof ResponseValidationError, String(error));
      assert.equal(error.status, status);
    }
  });
  assert.deepEqual(bodies, []);
});

test("over a real connection a call is authorised, repeated after 401, and redirected only within its server", async () => {
  const seen: string[] = [];
  let tokens = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => {
      body += data;
    });
    request.on("end", () => {
      seen.push(
        `${request.method} ${request.url} ${request.headers.authorization ?? "-"} ${request.url === "/oauth2/token" ? "" : body}`.trim(),
      );
      if (request.url === "/oauth2/token") {
        response.end(JSON.stringify({ access_token: `t${tokens++}`, token_type: "Bearer", expires_in: 60, scope: "" }));
      } else if (request.headers.authorization === "Bearer t0") {
        response.writeHead(401).end("stale");
      } else if (request.url === "/away") {
        response.writeHead(302, { location: "http://localhost:1/" }).end();
      } else if (request.url === "/a") {
        response.writeHead(307, { location: "/b" }).end();
      } else {
        response.end("fine");
      }
    });
  });
  await withServer(server, async (serverURL) => {
    const sdk = new SDK({ security: SECURITY, serverURL });
    const request = new Request(`${serverURL}/a`, { method: "POST", body: "data" });
    assert.equal(await (await sdk.fetch(request)).text(), "fine");
    assert.ok((await failure(sdk.fetch("/away"))) instanceof ResponseValidationError);
    await sdk[Symbol.asyncDispose]();
  });
  assert.deepEqual(seen, [
    "POST /oauth2/token -",
    "POST /a Bearer t0 data",
    "POST /oauth2/token -",
    "POST /a Bearer t1 data",
    "POST /b Bearer t1 data",
    "GET /away Bearer t1",
  ]);
});
