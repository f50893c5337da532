import { tellOnce } from "../http/tell-once.ts";

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

// A list of tokens with parameters in any order (RFC 9651 §3.1); a member that is not so, or not known, is passed over.
const MEMBER =
  /(?:^|,)\s*(client|secret)(?=;)(?=[^,]*; *at=@(\d{1,12})(?![^;, ]))(?=[^,]*; *within=(\d{1,3})(?![^;, ]))(?:[^,]*; *id="([^",;\\]+)"|)/g;

/** Passes each warning on once; what is malformed, or in a header beyond 4 KiB, is as not there. */
export function expiryWatch(hook: OnExpiryWarning | undefined): LookForExpiry {
  const tell = tellOnce(hook, "Expires soon:");
  return (headers) => {
    const header = headers.get("carnet-expiry-warning") ?? "";
    if (header.length > MOST_LENGTH) return;
    for (const [, what, at, within, secretId] of header.matchAll(MEMBER)) {
      const notice: ExpiryWarning = {
        what: what as ExpiryWarning["what"], // the expression matches no other
        secretId,
        endsAt: new Date(Number(at) * 1000),
        withinDays: Number(within),
      };
      tell(JSON.stringify(notice), notice);
    }
  };
}
