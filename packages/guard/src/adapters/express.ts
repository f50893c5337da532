/**
 * The guard as middleware for Express 4 and 5, and for everything else with Node's requests and a `next` callback.
 *
 * ```ts
 * import { createGuard } from "@carnet/guard";
 * import { protect, resourceMetadata } from "@carnet/guard/express";
 * import express from "express";
 *
 * const guard = createGuard({ issuer: "https://tokens.example", audience: "https://files.example" });
 * const app = express();
 * app.get("/files", protect(guard, { scopes: ["file:read"] }), (request, response) => {
 *   response.json({ readBy: request.token?.clientId });
 * });
 * ```
 * @module
 */
import type { AccessToken } from "../access-token.ts";
import type { Guard } from "../guard.ts";
import type { IncomingRequest } from "../token-source.ts";
import { admit, isFailure, type ProtectOptions } from "./admit.ts";
import { metadataResponse, type ResourceDetails } from "./metadata-response.ts";

export type { ProtectOptions } from "./admit.ts";
export type { ResourceDetails } from "./metadata-response.ts";

declare global {
  // biome-ignore lint/style/noNamespace: Express's types have this namespace so that middleware can add to its requests
  namespace Express {
    interface Request {
      /** The verified access token. Set by `protect` of `@carnet/guard/express`. */
      token?: AccessToken | undefined;
    }
  }
}

/** The parts of an Express request that are used here. */
export interface ExpressRequest extends IncomingRequest {
  /** The HTTP method. */
  readonly method?: string | undefined;
  /** The verified access token, set by `protect`. */
  token?: AccessToken | undefined;
}

/** The parts of an Express response that are used here. */
export interface ExpressResponse {
  /** The HTTP status. */
  statusCode: number;
  /** Sets one header. */
  setHeader(name: string, value: string): unknown;
  /** Sends the response. */
  end(body?: string): unknown;
}

/** Passes the request on, or an error to the error handlers. */
export type Next = (error?: unknown) => void;

/** Admits requests whose token is valid and has the scopes, and sets `request.token`. Sends the answer to all others. */
export function protect(guard: Guard, options: ProtectOptions = {}) {
  return async (request: ExpressRequest, response: ExpressResponse, next: Next): Promise<void> => {
    try {
      const outcome = await admit(guard, request, options);
      if (isFailure(outcome)) {
        const { status, headers, body } = outcome;
        return send(response, { status, headers, body: body && JSON.stringify(body) });
      }
      request.token = outcome;
    } catch (error) {
      return next(error); // Express 4 does not catch what an async function throws.
    }
    next();
  };
}

/**
 * Serves the API's protected resource metadata. Put it on the app itself, before what protects the API.
 * @throws {TypeError} The guard has no `resource`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-3 RFC 9728 §3}
 */
export function resourceMetadata(guard: Guard, details: ResourceDetails = {}) {
  const { path, headers, body } = metadataResponse(guard, details);
  return (request: ExpressRequest, response: ExpressResponse, next: Next): void => {
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead && request.url?.split("?")[0] === path) send(response, { status: 200, headers, body });
    else next();
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

function send(response: ExpressResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}
