import { formatDuration } from "@carnet/protocol/duration";
import { quoted } from "@carnet/protocol/shell-word";
import type { DeprecationNotice, ExpiryWarning, RetryNotice, SDKHooks } from "@carnet/sdk";
import { expirySentence } from "./client-facts.ts";
import { notice } from "./failure.ts";
import { describeSdkError } from "./sdk-failure.ts";

/** Says on standard error what the SDK reports while a client gets its token. Its own default is the console. */
export const noticeHooks = (clientId: string): SDKHooks => ({
  onRetry: noticeRetry,
  onDeprecation: noticeDeprecation,
  onExpiryWarning: (warning) => noticeExpiry(warning, clientId),
});

/** Tells the user why nothing happens for a while. */
function noticeRetry({ attempt, attempts, waitMs, status, error }: RetryNotice): void {
  const reason = error === undefined ? `The service answered with status ${status}.` : describeSdkError(error);
  const seconds = formatDuration(Math.max(1, Math.round(waitMs / 1000)));
  notice(`${reason} Trying again in ${seconds}, ${attempt} of ${attempts}.`);
}

function noticeDeprecation({ url, sunsetAt }: DeprecationNotice): void {
  const end = sunsetAt === undefined ? "" : ` and stops working at ${sunsetAt.toISOString()}`;
  notice(`${url} is deprecated${end}. Use a newer version of carnet.`);
}

function noticeExpiry({ what, secretId, endsAt, withinDays }: ExpiryWarning, clientId: string): void {
  const warning = { what, secret_id: secretId ?? null, ends_at: endsAt.toISOString(), within_days: withinDays };
  const next =
    what === "client"
      ? `Extend it with \`carnet client change ${quoted(clientId)} --expires-at TIME\`.`
      : `Use a newer secret, or add one with \`carnet secret add ${quoted(clientId)}\`.`;
  notice(`${expirySentence(warning, clientId)} ${next}`);
}
