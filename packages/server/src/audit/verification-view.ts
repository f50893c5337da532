import type { Verification } from "@carnet/protocol/admin/audit";
import type { VerifyProgress, VerifyResult } from "../journal/journal-reader.ts";

/** A step of a verification, as the admin API and `carnet audit verify --json` show it. */
export function verificationOf(step: VerifyProgress | VerifyResult): Verification {
  if (step.type === "progress") {
    const { totalBytes, ...progress } = step;
    return { ...progress, total_bytes: totalBytes };
  }
  const { otherNodes, problems, notes, ...result } = step;
  return { ...result, problems: [...problems], notes: [...notes], other_nodes: [...otherNodes] };
}
