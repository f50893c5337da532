import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Contender } from "../contenders/contender.ts";

/** What a contender issues, as observed. */
export interface TokenSeen {
  /** The `alg` of a JWT, or `opaque`. */
  readonly algorithm: string;
  readonly expiresIn: number;
  readonly scope: string;
  /** The size of the response body. */
  readonly bytes: number;
}

const timeoutMs = 60_000;

/** Requests a token, retrying every two milliseconds until the service listens. */
export async function firstToken(asked: {
  readonly contender: Contender;
  readonly port: number;
  readonly id: string;
  readonly secret: string;
  readonly alive: () => boolean;
}): Promise<TokenSeen> {
  const { contender, port, id, secret, alive } = asked;
  const { path, scope, parameters } = contender.shape;
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: id,
    client_secret: secret,
    scope,
    ...parameters,
  }).toString();
  for (const start = performance.now(); performance.now() - start < timeoutMs; await pause(2)) {
    if (!alive()) throw new Error("its process ended");
    const answer = await post(port, path, body);
    if (answer === undefined) continue;
    if (answer.status !== 200) throw new Error(`it answered ${answer.status}: ${answer.body.slice(0, 500)}`);
    return seen(answer.body);
  }
  throw new Error(`it issued no token within ${timeoutMs / 1000} seconds`);
}

/** Returns undefined if the service does not listen yet. */
function post(port: number, path: string, body: string): Promise<{ status: number; body: string } | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": body.length };
    const sent = request({ port, path, host: "127.0.0.1", method: "POST", headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNREFUSED" || error.code === "ECONNRESET" ? resolve(undefined) : reject(error),
    );
    sent.end(body);
  });
}

function seen(body: string): TokenSeen {
  const answer: { access_token: string; expires_in: number; scope?: string } = JSON.parse(body);
  const [header = "", claims, signature] = answer.access_token.split(".");
  const isJwt = claims !== undefined && signature !== undefined;
  return {
    algorithm: isJwt ? JSON.parse(Buffer.from(header, "base64url").toString()).alg : "opaque",
    expiresIn: answer.expires_in,
    scope: answer.scope ?? "",
    bytes: Buffer.byteLength(body),
  };
}
