import type { IncomingMessage } from "node:http";
import type { TokenPath } from "@carnet/protocol/endpoints";
import type { Result } from "@carnet/protocol/result";
import type { ApiVersion } from "@carnet/protocol/versions";

/** What the edge learns about a request before anything else sees it. */
export interface RequestContext {
  readonly requestId: string;
  /** The caller's IP address, or "unknown". */
  readonly address: string;
}

export interface TokenRequestContext extends RequestContext {
  readonly path: TokenPath;
  readonly version: Result<ApiVersion, string>;
}

const contexts = new WeakMap<IncomingMessage, RequestContext>();

/** Stores the context of a request for the routes, which only see the request itself. */
export const setContext = (request: IncomingMessage, context: RequestContext): void => {
  contexts.set(request, context);
};

/** The context of a request. Throws for a request that did not come through the edge. */
export function contextOf(request: IncomingMessage): RequestContext {
  const context = contexts.get(request);
  if (context === undefined) throw new Error("the request did not come through the edge");
  return context;
}
