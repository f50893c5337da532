import { expiryWarningHeader, expiryWarningMember } from "@carnet/protocol/expiry-warning";
import { notifyOnce } from "../http/notify-once.ts";
import { withoutSecret } from "../redaction/scrub.ts";
import type { Answer } from "./answer.ts";

/** A server's warning that credentials expire soon. */
export interface ExpiryWarning {
  /** What expires: the client itself, or one of its secrets. */
  readonly what: "client" | "secret";
  /** The id of the secret (not the secret itself). Undefined for a client. */
  readonly secretId: string | undefined;
  /** When it expires. */
  readonly endsAt: Date;
  /** The threshold that was crossed, in days before expiry: 90, 60, 30, 14, 7 or 1. */
  readonly withinDays: number;
}

/** Called with each warning. */
export type OnExpiryWarning = (warning: ExpiryWarning) => void;

/** Checks the headers of a token response for warnings. */
export type CheckExpiry = (answer: Pick<Answer, "headers" | "secret">) => void;

const MAX_HEADER_LENGTH = 4096;

/** Reports each warning once. Ignores malformed warnings and headers over 4 KiB. */
export function expiryWatch(hook: OnExpiryWarning | undefined): CheckExpiry {
  const notify = notifyOnce(hook, "Expires soon:");
  return ({ headers, secret }) => {
    const header = headers.get(expiryWarningHeader) ?? "";
    if (header.length > MAX_HEADER_LENGTH) return;
    for (const [, what, at, within, secretId] of header.matchAll(expiryWarningMember)) {
      const notice: ExpiryWarning = {
        what: what as ExpiryWarning["what"], // The expression matches nothing else.
        secretId: secretId && withoutSecret(secretId, secret),
        endsAt: new Date(Number(at) * 1000),
        withinDays: Number(within),
      };
      notify(JSON.stringify(notice), notice);
    }
  };
}
