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

// RFC 9651 §4.2: a list of tokens with parameters; another kind of member makes the whole field fail.
const MEMBER =
  /([a-z*][\w*]*)((?:; *[a-z*][\w*.-]*(?:=(?:"(?:[ !#-[\]-~]|\\["\\])*"|[^\s",;]+))?)*)(?:$|[ \t]*,[ \t]*(?!$))/gy;
const PARAMETER = /; *([^=;]+)=("(?:[^"\\]|\\.)*"|[^;]*)/g;

/** Passes each warning on once; a header that is malformed, or longer than 4 KiB, is as none. */
export function expiryWatch(tell: OnExpiryWarning = warning("Expires soon:")): LookForExpiry {
  const tellOf = tellOnce(tell);
  return (headers) => {
    const header = headers.get("carnet-expiry-warning") ?? "";
    const members = header.length > MOST_LENGTH ? [] : [...header.matchAll(MEMBER)];
    if (members.map(([text]) => text).join("") !== header) return;
    for (const [, what, parameters = ""] of members) {
      const notice = read(what, parameters);
      if (notice) tellOf(JSON.stringify(notice), notice);
    }
  };
}

/** Reads one member; undefined for one that is not known, or lacks what it must have. */
function read(what: string | undefined, parameters: string): ExpiryWarning | undefined {
  const pairs = [...parameters.matchAll(PARAMETER)].map(([, name, value]) => [name, value]);
  const { id = "", at = "", within = "" }: Record<string, string> = Object.fromEntries(pairs);
  const endsAt = new Date(Number(at.slice(1)) * 1000);
  if (!/^@\d+$/.test(at) || Number.isNaN(+endsAt) || !/^\d+$/.test(within)) return undefined;
  const withinDays = Number(within);
  if (what === "client") return { what, secretId: undefined, endsAt, withinDays };
  // An RFC 9651 string is one of JSON too.
  return what === "secret" && id[0] === '"' ? { what, secretId: JSON.parse(id), endsAt, withinDays } : undefined;
}
