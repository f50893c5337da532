import { err, type Result } from "@carnet/protocol/result";
import type { Refusal } from "../refusal.ts";
import type { RefusalReason } from "./refusal-reason.ts";

/** The refusal of a malformed request, with the same text for the caller and the operator. */
export const malformed = (reason: RefusalReason, description: string): Refusal => ({
  kind: "malformedRequest",
  reason,
  description,
  detail: description,
});

export const refuseMalformed = (reason: RefusalReason, description: string): Result<never, Refusal> =>
  err(malformed(reason, description));
