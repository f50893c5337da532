// The same API in each framework: GET and POST /files needs the scopes file:read and file:list, and tells who reads.
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { AccessToken, Guard, GuardError } from "@carnet/guard";
import * as onExpress from "@carnet/guard/express";
import * as onFastify from "@carnet/guard/fastify";
import * as onFetch from "@carnet/guard/fetch";
import * as onHono from "@carnet/guard/hono";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";

declare module "fastify" {
  interface FastifyRequest {
    token?: AccessToken;
  }
}

/** A running API. */
export interface Api extends AsyncDisposable {
  /** Where it listens. Undefined if it is called without a socket. */
  readonly port?: number;
  call(path: string, init?: RequestInit): Promise<Response>;
  /** The codes of the refusals that `onRefusal` was told. */
  readonly refused: readonly string[];
}

export interface ApiOptions {
  /** Serves the metadata with these details. */
  readonly details?: { readonly scopes?: readonly string[]; readonly name?: string; readonly documentation?: string };
}

type Start = (guard: Guard, options?: ApiOptions) => Promise<Api>;

const scopes = ["file:read", "file:list"];

const recorder = () => {
  const refused: string[] = [];
  return { refused, options: { scopes, onRefusal: (failure: GuardError) => void refused.push(failure.code) } };
};

/** Serves a listener of Node on a free port. */
async function listen(listener: RequestListener, refused: readonly string[]): Promise<Api> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, refused },
    call: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Calls a handler directly. */
const direct = (handler: (request: Request) => Promise<Response>, refused: readonly string[]): Api => ({
  refused,
  call: (path, init) => handler(new Request(`https://files.test${path}`, init)),
  [Symbol.asyncDispose]: async () => {},
});

export const servers: Readonly<Record<string, Start>> = {
  Express: async (guard, { details } = {}) => {
    const { refused, options } = recorder();
    const app = express().set("env", "test"); // does not print the errors of its responses
    app.use(express.urlencoded());
    if (details) app.use(onExpress.resourceMetadata(guard, details));
    app.all("/files", onExpress.protect(guard, options), (request, response) => {
      response.json({ readBy: request.token?.clientId });
    });
    return listen(app, refused);
  },

  Fastify: async (guard, { details } = {}) => {
    const { refused, options } = recorder();
    const app = fastify();
    if (details) app.route(onFastify.resourceMetadata(guard, details));
    app.all("/files", { onRequest: onFastify.protect(guard, options) }, async (request) => {
      return { readBy: request.token?.clientId };
    });
    await app.ready();
    return listen((request, response) => app.routing(request, response), refused);
  },

  Hono: async (guard, { details } = {}) => {
    const { refused, options } = recorder();
    const app = new Hono<{ Variables: onHono.TokenVariables }>();
    app.onError((_error, c) => c.text("failed", 500)); // does not print the error
    if (details) app.use(onHono.resourceMetadata(guard, details));
    app.all("/files", onHono.protect(guard, options), (c) => c.json({ readBy: c.get("token").clientId }));
    return direct(async (request) => app.fetch(request), refused);
  },

  "a fetch handler": async (guard, { details } = {}) => {
    const { refused, options } = recorder();
    const metadata = details && onFetch.resourceMetadata(guard, details);
    const files = onFetch.protect(guard, options, (_request, token) => Response.json({ readBy: token.clientId }));
    return direct(async (request) => metadata?.(request) ?? files(request), refused);
  },
};
