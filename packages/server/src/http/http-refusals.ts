import type { RefusalFacts } from "@carnet/protocol/refusals";

/** Refusals on any path: the request did not reach an endpoint. The columns are those of `refusals`. */
export const httpRefusals = {
  brokenMessage: {
    status: 400,
    error: "invalid_request",
    when: "the bytes are not a valid HTTP/1.1 request, or a proxy could read them differently: a missing or second Host, an unknown Transfer-Encoding, an invalid length or escape",
    next: "use an HTTP library; check proxies in between",
  },
  unknownPath: {
    status: 404,
    error: "not_found",
    when: "nothing is served at this path",
    next: "look the path up in /docs or /openapi.json",
  },
  unknownMethod: {
    status: 405,
    error: "method_not_allowed",
    when: "the path does not support this method",
    next: "use a method that the Allow header lists",
  },
  tooSlow: {
    status: 408,
    error: "invalid_request",
    when: "the request did not arrive within 30 seconds",
    next: "send the whole request at once on a new connection",
  },
  headersTooLarge: {
    status: 431,
    error: "invalid_request",
    when: "the URL and the headers are larger than 16 KiB together",
    next: "send fewer or shorter headers, or a shorter URL",
  },
} as const satisfies Readonly<Record<string, RefusalFacts>>;

/** Refusals of the revocation feed, when it is not public. */
export const feedRefusals = {
  invalidToken: {
    status: 401,
    error: "invalid_token",
    when: "`CARNET_REVOCATION_FEED` is `token`, and there is no token, or it is not valid now",
    next: "request a token, and send it as `Authorization: Bearer`",
  },
  insufficientScope: {
    status: 403,
    error: "insufficient_scope",
    when: "the token has neither the scope `carnet:introspect` nor `carnet:introspect:all`",
    next: "ask a platform admin for the scope, then request a new token",
  },
} as const satisfies Readonly<Record<string, RefusalFacts>>;
