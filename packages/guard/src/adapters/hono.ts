/**
 * The guard as middleware for Hono 4.
 *
 * ```ts
 * import { createGuard } from "@carnet/guard";
 * import { protect, type TokenVariables } from "@carnet/guard/hono";
 * import { Hono } from "hono";
 *
 * const guard = createGuard({ issuer: "https://tokens.example", audience: "https://files.example" });
 * const app = new Hono<{ Variables: TokenVariables }>();
 * app.get("/files", protect(guard, { scopes: ["file:read"] }), (c) => c.json({ readBy: c.get("token").clientId }));
 * ```
 * @module
 */
import type { AccessToken } from "../access-token.ts";
import type { Guard } from "../guard.ts";
import { admit, isFailure, type ProtectOptions } from "./admit.ts";
import { resourceMetadata as fetchMetadata } from "./fetch.ts";
import type { ResourceDetails } from "./metadata-response.ts";

export type { ProtectOptions } from "./admit.ts";
export type { ResourceDetails } from "./metadata-response.ts";

/** The type of `c.get("token")` in routes behind `protect`: `new Hono<{ Variables: TokenVariables }>()`. */
export interface TokenVariables {
  /** The verified access token. */
  token: AccessToken;
}

/** The parts of a Hono context that are used here. */
export interface HonoContext {
  /** The request. */
  readonly req: { readonly raw: Request };
  /** Sets a variable of the request. */
  set(name: never, value: never): void;
}

/** Runs the rest of the chain. */
export type Next = () => Promise<void>;

/** Admits requests whose token is valid and has the scopes, and sets `c.get("token")`. Answers all others. */
export function protect(guard: Guard, options: ProtectOptions = {}) {
  return async (context: HonoContext, next: Next): Promise<Response | undefined> => {
    const outcome = await admit(guard, context.req.raw, options);
    if (isFailure(outcome)) return outcome.toResponse();
    // The type of `set` depends on the app's own variables, which this function cannot name.
    context.set("token" as never, outcome as never);
    await next();
    return undefined;
  };
}

/**
 * Serves the API's protected resource metadata: `app.use(resourceMetadata(guard))`, before what protects the API.
 * @throws {TypeError} The guard has no `resource`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-3 RFC 9728 §3}
 */
export function resourceMetadata(guard: Guard, details: ResourceDetails = {}) {
  const answer = fetchMetadata(guard, details);
  return async (context: HonoContext, next: Next): Promise<Response | undefined> => {
    const response = answer(context.req.raw);
    if (response === undefined) await next();
    return response;
  };
}
