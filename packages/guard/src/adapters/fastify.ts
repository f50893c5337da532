/**
 * The guard as a hook for Fastify 4 and 5.
 *
 * ```ts
 * import { type AccessToken, createGuard } from "@carnet/guard";
 * import { protect } from "@carnet/guard/fastify";
 * import fastify from "fastify";
 *
 * declare module "fastify" {
 *   interface FastifyRequest {
 *     token?: AccessToken;
 *   }
 * }
 *
 * const guard = createGuard({ issuer: "https://tokens.example", audience: "https://files.example" });
 * const app = fastify();
 * app.get("/files", { onRequest: protect(guard, { scopes: ["file:read"] }) }, async (request) => {
 *   return { readBy: request.token?.clientId };
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

/** The parts of a Fastify request that are used here. */
export interface FastifyRequestParts {
  /** Node's request. */
  readonly raw: IncomingRequest;
  /** The verified access token, set by `protect`. */
  token?: AccessToken;
}

/** The parts of a Fastify reply that are used here. */
export interface FastifyReplyParts {
  /** Sets the HTTP status. */
  code(status: number): unknown;
  /** Sets headers. */
  headers(values: Record<string, string>): unknown;
  /** Sends the response. */
  send(body?: unknown): unknown;
}

/**
 * An `onRequest` hook that admits requests whose token is valid and has the scopes, and sets `request.token`. It answers all
 * others before their body is read.
 */
export function protect(guard: Guard, options: ProtectOptions = {}) {
  return async (request: FastifyRequestParts, reply: FastifyReplyParts): Promise<unknown> => {
    const outcome = await admit(guard, request.raw, options);
    if (isFailure(outcome)) {
      reply.code(outcome.status);
      reply.headers({ ...outcome.headers });
      return reply.send(outcome.body && JSON.stringify(outcome.body));
    }
    request.token = outcome;
    return undefined;
  };
}

/**
 * The route of the API's protected resource metadata: `app.route(resourceMetadata(guard))`, on the app itself.
 * @throws {TypeError} The guard has no `resource`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-3 RFC 9728 §3}
 */
export function resourceMetadata(guard: Guard, details: ResourceDetails = {}) {
  const { path, headers, body } = metadataResponse(guard, details);
  return {
    method: "GET" as const,
    url: path,
    handler: async (_request: unknown, reply: FastifyReplyParts): Promise<string> => {
      reply.headers({ ...headers });
      return body;
    },
  };
}
