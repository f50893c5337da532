import type { Refusal } from "@carnet/core/refusal";
import { OperatorFault } from "../fault.ts";

/** What a caller is told of a fault: nothing of what it says. */
export const refusalOfFault = (fault: unknown): Refusal =>
  fault instanceof OperatorFault ? { ...unavailable, detail: fault.message } : failed;

/** A refusal whose caller is told all that its operator is. */
export const refusalWith = (kind: Refusal["kind"], reason: string, description: string): Refusal => ({
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

const unavailable: Refusal = {
  kind: "unavailable",
  reason: "store_unavailable",
  description: "the service cannot reach its store at the moment: try again",
  detail: "the service cannot reach its store",
  retryAfter: 5,
};

const failed: Refusal = {
  kind: "fault",
  reason: "fault",
  description: "the service failed; its operator finds the fault under the X-Request-ID of this answer",
  detail: "the service failed",
};
