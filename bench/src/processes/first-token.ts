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

export interface FirstTokenRequest {
  readonly contender: Contender;
  readonly port: number;
  readonly id: string;
  readonly secret: string;
  /** Why there is nothing left to wait for, or undefined. */
  readonly ended: () => string | undefined;
  /** Seconds to wait until the service listens, and then for its answer. */
  readonly patience: number;
}

/** Requests a token, retrying every two milliseconds until the service listens and no longer answers 503. */
export async function firstToken(asked: FirstTokenRequest): Promise<TokenSeen> {
  const { contender, port, ended, patience } = asked;
  const body = bodyOf(asked);
  let waitingFor = `nothing listened on port ${port}`;
  for (const start = performance.now(); performance.now() - start < patience * 1000; await pause(2)) {
    const reason = ended();
    if (reason !== undefined) throw new Error(reason);
    const answer = await post({ port, path: contender.shape.path, body, patience });
    if (answer === undefined) continue;
    if (answer.status === 200) return seen(answer.body);
    waitingFor = `it answered ${answer.status}`;
    if (answer.status === 503) continue; // it is still starting
    throw new Error(`${waitingFor} to the first request`, { cause: answer.body.slice(0, 500) });
  }
  throw new Error(`it issued no token within ${patience} s: ${waitingFor}`);
}

function bodyOf({ contender, id, secret }: FirstTokenRequest): string {
  const { scope, parameters } = contender.shape;
  const credentials = { client_id: id, client_secret: secret };
  return new URLSearchParams({ grant_type: "client_credentials", ...credentials, scope, ...parameters }).toString();
}

interface Post {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  readonly patience: number;
}

/** Returns undefined if the service does not listen yet. */
function post({ port, path, body, patience }: Post): Promise<{ status: number; body: string } | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": body.length };
    const signal = AbortSignal.timeout(patience * 1000);
    const options = { port, path, host: "127.0.0.1", method: "POST", headers, agent: false, signal };
    const failed = (error: NodeJS.ErrnoException): void => {
      if (signal.aborted) reject(new Error(`it gave no answer to the first request within ${patience} s`));
      else if (error.code === "ECONNREFUSED" || error.code === "ECONNRESET") resolve(undefined);
      else reject(error);
    };
    const sent = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", failed);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.on("error", failed);
    sent.end(body);
  });
}

function seen(body: string): TokenSeen {
  const answer: { access_token: string; expires_in: number; scope?: string } = readJson(body);
  if (typeof answer?.access_token !== "string") throw new Error("its first answer has no access_token");
  const [header = "", claims, signature] = answer.access_token.split(".");
  const isJwt = claims !== undefined && signature !== undefined;
  return {
    algorithm: isJwt ? JSON.parse(Buffer.from(header, "base64url").toString()).alg : "opaque",
    expiresIn: answer.expires_in,
    scope: answer.scope ?? "",
    bytes: Buffer.byteLength(body),
  };
}

function readJson(body: string) {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error("its first answer is not JSON");
  }
}
