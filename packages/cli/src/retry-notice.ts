import { formatDuration } from "@carnet/protocol/duration";
import type { RetryNotice } from "@carnet/sdk";
import { notice } from "./failure.ts";

/** Tells the user why nothing happens for a while. Goes to standard error, so that pipelines stay quiet. */
export function noticeRetry({ attempt, attempts, waitMs, status, error }: RetryNotice): void {
  const reason = error?.message ?? `The service answered with status ${status}.`;
  const seconds = formatDuration(Math.max(1, Math.round(waitMs / 1000)));
  notice(`${reason} Trying again in ${seconds}, ${attempt} of ${attempts}.`);
}
