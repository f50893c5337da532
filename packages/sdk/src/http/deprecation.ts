import { tellOnce } from "./tell-once.ts";
import { withoutQuery } from "./without-query.ts";

/** What a server said of an address that is going away. */
export interface DeprecationNotice {
  /** The address without its query. */
  readonly url: string;
  /** Since when it is deprecated (RFC 9745); undefined where the header names no date. */
  readonly deprecatedAt: Date | undefined;
  /** When it stops to answer (RFC 8594); undefined where the server does not say. */
  readonly sunsetAt: Date | undefined;
  /** The `Link` header, which may name a successor and a notice. */
  readonly link: string | undefined;
}

/** What is called with each notice. */
export type OnDeprecation = (notice: DeprecationNotice) => void;

/** Looks at an answer's headers. */
export type LookForDeprecation = (url: string, headers: Headers) => void;

/** Passes each address's first notice on. */
export function deprecationWatch(hook: OnDeprecation | undefined): LookForDeprecation {
  const tell = tellOnce(hook, "Deprecated:");
  return (address, headers) => {
    const [deprecation, sunset] = [headers.get("deprecation"), headers.get("sunset")];
    if ((deprecation ?? sunset) === null) return;
    const url = withoutQuery(address);
    const link = headers.get("link") ?? undefined;
    tell(url, { url, deprecatedAt: dateOf(deprecation), sunsetAt: dateOf(sunset), link });
  };
}

/** Reads `@seconds` (RFC 9745) and the HTTP dates of RFC 8594 and of the drafts before. */
function dateOf(header: string | null): Date | undefined {
  const date = new Date(header?.[0] === "@" ? Number(header.slice(1)) * 1000 : (header ?? ""));
  return Number.isNaN(+date) ? undefined : date;
}
