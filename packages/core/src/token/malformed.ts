import type { Refusal } from "../refusal.ts";

/** The refusal of a malformed request, with the same text for the caller and the operator. */
export const malformed = (reason: string, description: string): Refusal => ({
  kind: "malformedRequest",
  reason,
  description,
  detail: description,
});
