import { tellOnce, warning } from "../http/tell-once.ts";

/** What a server said of credentials that end soon. */
export interface ExpiryWarning {
  /** What ends: the client itself, or one of its secrets. */
  readonly what: "client" | "secret";
  /** The id of the secret, which is not the secret; undefined for a client. */
  readonly secretId: string | undefined;
  /** When it ends. */
  readonly endsAt: Date;
  /** The last threshold that was crossed, in days before the end: 90, 60, 30, 14, 7 or 1. */
  readonly withinDays: number;
}

/** What is called with each warning. */
export type OnExpiryWarning = (warning: ExpiryWarning) => void;

/** Looks at the headers of a token answer. */
export type LookForExpiry = (headers: Headers) => void;

const MOST_LENGTH = 4096;

// RFC 9651 §4.2: a list of tokens with parameters in any order; what is no such list fails whole. Of strings it takes
// those without a comma, semicolon or backslash, as ids are.
const MEMBER =
  /([\w*]+)(?=[^,]*; *at=@(\d{1,12})(?![^;, ])|)(?=[^,]*; *within=(\d{1,3})(?![^;, ])|)(?=[^,]*; *id="([^",;\\]+)"|)(?:; *[\w*.-]+(?:=(?:"[^",;\\]*"|[^\s",;]+))?)*(?:$|[ \t]*,[ \t]*(?!$))/gy;

/** Passes each warning on once; a header that is malformed, or longer than 4 KiB, is as none. */
export function expiryWatch(tell: OnExpiryWarning = warning("Expires soon:")): LookForExpiry {
  const tellOf = tellOnce(tell);
  return (headers) => {
    const header = headers.get("carnet-expiry-warning") ?? "";
    const members = [...header.slice(0, MOST_LENGTH).matchAll(MEMBER)];
    if (members.map(([text]) => text).join("") !== header) return;
    for (const [, what, at, within, id] of members) {
      const ends = at && within && { endsAt: new Date(Number(at) * 1000), withinDays: Number(within) };
      let notice: ExpiryWarning | undefined;
      if (ends && what === "client") notice = { what, secretId: undefined, ...ends };
      if (ends && what === "secret" && id) notice = { what, secretId: id, ...ends };
      if (notice) tellOf(JSON.stringify(notice), notice);
    }
  };
}
