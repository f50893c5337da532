import type { RequestOptions } from "../settings/options.ts";
import type { TokenOptions } from "../token/cached-token.ts";

/** What `fetch` takes, and what one call may set for itself. */
export interface FetchInit
  extends RequestInit,
    Omit<RequestOptions, "headers" | "signal">,
    Pick<TokenOptions, "scopes" | "requireScopes"> {}
