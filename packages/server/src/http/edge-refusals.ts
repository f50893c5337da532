import type { Refusal } from "@carnet/core/refusal";
import { OperatorFault } from "../fault.ts";
import { LogStalled } from "../log/log-output.ts";

/** The refusal for a fault. Only the operator reads the fault's own text. */
export function refusalOfFault(fault: unknown): Refusal {
  if (fault instanceof LogStalled) return logStalled;
  return fault instanceof OperatorFault ? { ...unavailable, detail: fault.message } : failed;
}

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

const logStalled: Refusal = {
  ...refusalWith("unavailable", "log_stalled", "the service cannot record requests at the moment: try again"),
  retryAfter: 5,
};

const failed: Refusal = {
  kind: "fault",
  reason: "fault",
  description: "the service failed; its operator finds the fault under the X-Request-ID of this answer",
  detail: "the service failed",
};
