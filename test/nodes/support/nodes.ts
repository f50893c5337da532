import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { registerClient } from "@carnet/core/client/register-client";
import type { TestRegistry } from "@carnet/testkit/open-test-registry";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { Agent } from "undici";

/** The issuer of all nodes, as behind one balancer. The tests ask each node directly. */
export const issuer = "https://tokens.example";

export const newMasterKey = (): string => randomBytes(32).toString("base64");

export interface NodeOptions {
  readonly store: string;
  readonly masterKey: string;
  readonly workers?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its store is away, so do not wait for the end of the start. */
  readonly waits?: boolean;
}

/** A node with a data folder of its own. */
export async function startNode({ store, masterKey, workers, args = [], env = {}, waits = false }: NodeOptions) {
  const folder = await temporaryFolder();
  try {
    const node = await serveCarnet({
      folder: folder.path,
      args: ["--issuer", issuer, ...(workers === undefined ? [] : ["--workers", `${workers}`]), ...args],
      env: { CARNET_STORE: store, CARNET_MASTER_KEY: masterKey, ...env },
      ...(waits ? { until: /"event":"store_away"/ } : {}),
    });
    return {
      ...node,
      /** Reads a file of its data folder. */
      read: (name: string) => readFile(folder.file(name), "utf8"),
      async [Symbol.asyncDispose]() {
        await node[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

export type Node = Awaited<ReturnType<typeof startNode>>;

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export async function register(registry: TestRegistry, scope = "file:read"): Promise<Credentials> {
  const registered = await registerClient({ scope }, registry);
  assert.ok(registered.ok);
  const { client, generatedSecret } = registered.value;
  return { clientId: client.clientId, clientSecret: generatedSecret?.reveal() ?? assert.fail("it has no secret") };
}

/** Asks each worker of a node for a token of each client, over new connections. Returns whether all were issued. */
export async function warmUp({ url }: ServingCarnet, credentials: readonly Credentials[]): Promise<boolean> {
  let areIssued = true;
  const connections = 16; // the kernel gives all of them to one of two workers once in 32,768 times
  for (const { clientId, clientSecret } of credentials)
    for (let connection = 0; connection < connections; connection++) {
      const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
      const agent = new Agent();
      const body = new URLSearchParams(form).toString();
      const headers = { "Content-Type": "application/x-www-form-urlencoded" };
      const answer = await agent.request({ origin: url, path: "/oauth2/token", method: "POST", headers, body });
      areIssued &&= answer.statusCode === 200;
      await answer.body.dump();
      await agent.close();
    }
  return areIssued;
}

/** What callers saw of a load. */
export interface Seen {
  issued: number;
  /** Connections that broke before an answer came, after which the caller tried the next node. */
  reconnects: number;
  /** Other answers than a token, and why tokens did not verify, with how often. */
  readonly failed: Record<string, number>;
  longest: number;
}

export interface Received {
  readonly token: string;
  readonly node: ServingCarnet;
  /** When the request was sent, by `performance.now()`. */
  readonly askedAt: number;
}

export interface CallerOptions {
  readonly callers?: number;
  /** Rejects if a token is wrong. Default: verifies it with the keys of the first node. */
  readonly verify?: (received: Received) => Promise<unknown>;
}

function verifierOf(node: ServingCarnet | undefined): NonNullable<CallerOptions["verify"]> {
  const keys = createRemoteJWKSet(new URL("/oauth2/jwks", node?.url), { cacheMaxAge: Infinity });
  return ({ token }) => jwtVerify(token, keys, { issuer });
}

/**
 * Callers that request tokens without a pause from one node after the other, and go on with the next node when a
 * connection fails. Each token is verified. Dispose of it to stop.
 */
export function callersOf(
  nodes: () => readonly ServingCarnet[],
  credentials: readonly Credentials[],
  { callers = 8, verify = verifierOf(nodes()[0]) }: CallerOptions = {},
) {
  const seen: Seen = { issued: 0, reconnects: 0, failed: {}, longest: 0 };
  let isStopped = false;
  const fail = (why: string): void => {
    seen.failed[why] = (seen.failed[why] ?? 0) + 1;
  };

  async function call(turn: number): Promise<void> {
    const { clientId, clientSecret } = credentials[turn % credentials.length] ?? assert.fail("there is no client");
    const start = performance.now();
    for (let attempt = 0; attempt < 50; attempt++) {
      const all = nodes();
      const node =
        all[(Math.floor(turn / credentials.length) + attempt) % all.length] ?? assert.fail("there is no node");
      const answer = await requestToken(node.url, clientId, clientSecret).catch(() => undefined);
      const body = await answer?.json().catch(() => undefined);
      if (answer === undefined || body === undefined) {
        seen.reconnects++;
        continue;
      }
      seen.longest = Math.max(seen.longest, performance.now() - start);
      if (answer.status !== 200) return fail(`${answer.status} ${JSON.stringify(body)}`);
      seen.issued++;
      await verify({ token: String(body.access_token), node, askedAt: start }).catch((error) => fail(String(error)));
      return;
    }
    fail("no node answered in 50 attempts");
  }

  const loops = Array.from({ length: callers }, async (_, caller) => {
    for (let turn = caller; !isStopped; turn += callers) await call(turn);
  });
  return {
    seen,
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await Promise.all(loops);
    },
  };
}
