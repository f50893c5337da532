import { withoutSecret } from "../redaction/scrub.ts";
import type { FailedRequest } from "./no-answer.ts";
import { notifyOnce } from "./notify-once.ts";
import { withoutQuery } from "./without-query.ts";

/** A server's notice that a route is deprecated. */
export interface DeprecationNotice {
  /** The method of the request. */
  readonly method: string;
  /** The URL without its query. */
  readonly url: string;
  /** When it was deprecated (RFC 9745). Undefined if the header has no date. */
  readonly deprecatedAt: Date | undefined;
  /** When it will stop working (RFC 8594). Undefined if the server does not say. */
  readonly sunsetAt: Date | undefined;
  /** The `Link` header, which may name the successor and a notice. */
  readonly link: string | undefined;
}

/** Called with each notice. */
export type OnDeprecation = (notice: DeprecationNotice) => void;

/** The request whose response is checked. */
interface Checked extends FailedRequest {
  readonly init: { readonly method: string };
}

/** Checks a response's headers for a notice. */
export type CheckDeprecation = (call: Checked, headers: Headers) => void;

// A path segment that is most likely an id: it has a digit and is not a version. The host is after two slashes.
const ID = /(?<!\/)\/(?!\/|v\d+\b)[^/]*\d[^/]*/gi;

/** Reports the first notice of each route: the method, and the URL without ids. */
export function deprecationWatch(hook: OnDeprecation | undefined): CheckDeprecation {
  const notify = notifyOnce(hook, "Deprecated:");
  return ({ init: { method }, url: address, secret }, headers) => {
    const deprecation = headers.get("deprecation");
    const sunset = headers.get("sunset");
    if ((deprecation ?? sunset) === null) return;
    const url = withoutQuery(address);
    const link = withoutSecret(headers.get("link") ?? "", secret) || undefined;
    notify(`${method} ${url.replace(ID, "/*")}`, {
      method,
      url,
      deprecatedAt: dateOf(deprecation),
      sunsetAt: dateOf(sunset),
      link,
    });
  };
}

/** Parses `@seconds` (RFC 9745), and HTTP dates (RFC 8594 and early drafts of RFC 9745). */
function dateOf(header: string | null): Date | undefined {
  const date = new Date(header?.[0] === "@" ? Number(header.slice(1)) * 1000 : (header ?? ""));
  return Number.isNaN(+date) ? undefined : date;
}
