import type { RequestOptions } from "../settings/options.ts";
import type { TokenOptions } from "../token/cached-token.ts";

/** The options of `fetch`, and the SDK's options for one call. */
export interface FetchInit
  extends RequestInit,
    Omit<RequestOptions, "headers" | "signal">,
    Pick<TokenOptions, "scopes" | "requireScopes" | "parameters"> {}
