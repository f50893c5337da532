import type { IncomingMessage } from "node:http";
import type { ClientPath, TokenPath } from "@carnet/protocol/endpoints";
import type { Result } from "@carnet/protocol/result";
import type { ApiVersion } from "@carnet/protocol/versions";

/** What the edge learns about a request before anything else sees it. */
export interface RequestContext {
  readonly requestId: string;
  /** The caller's IP address, or "unknown". */
  readonly address: string;
}

/** The same of a request in which a client authenticates itself. Only the token operation has versions. */
export type ClientRequestContext = RequestContext & (VersionedPath | UnversionedPath);

export interface VersionedPath {
  readonly path: TokenPath;
  readonly version: Result<ApiVersion, string>;
}

export interface UnversionedPath {
  readonly path: Exclude<ClientPath, TokenPath>;
  readonly version: undefined;
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
