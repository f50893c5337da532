import type { Refusal } from "@carnet/core/refusal";
import { OperatorFault } from "../fault.ts";
import { JournalUnavailable } from "../journal/journal.ts";

/** The refusals that the HTTP side decides: malformed messages, shutdown, and faults of the store or the journal. */

/** The refusal for a fault. Only the operator reads the fault's own text. */
export function refusalOfFault(fault: unknown): Refusal {
  if (fault instanceof JournalUnavailable) return journalUnavailable;
  return fault instanceof OperatorFault ? { ...storeUnavailable, detail: fault.message } : failed;
}

/** A refusal with the same text for the caller and the operator. */
export const refusalWith = (kind: Refusal["kind"], reason: Refusal["reason"], description: string): Refusal => ({
  kind,
  reason,
  description,
  detail: description,
});

export const badHttp = refusalWith(
  "malformedRequest",
  "bad_http",
  "the HTTP message is malformed: check its headers and the length of its body",
);

export const badTransferCoding = refusalWith(
  "malformedRequest",
  "bad_transfer_coding",
  "the only Transfer-Encoding accepted is chunked, over HTTP/1.1: send that, or a Content-Length",
);

export const clientBodyTooLarge = refusalWith("bodyTooLarge", "body_too_large", "the body is larger than 64 KiB");

export const stopping: Refusal = {
  ...refusalWith("unavailable", "draining", "this instance of the service is stopping: send the request again"),
  detail: "the process was told to stop",
  retryAfter: 1,
};

export const storeUnavailable: Refusal = {
  kind: "unavailable",
  reason: "store_unavailable",
  description: "the service cannot reach its store at the moment: try again",
  detail: "the service cannot reach its store",
  retryAfter: 5,
};

export const journalUnavailable: Refusal = {
  ...refusalWith("unavailable", "journal_unavailable", "the service cannot record requests at the moment: try again"),
  retryAfter: 5,
};

const failed: Refusal = {
  kind: "fault",
  reason: "fault",
  description: "the service failed; its operator finds the fault under the X-Request-ID of this answer",
  detail: "the service failed",
};
