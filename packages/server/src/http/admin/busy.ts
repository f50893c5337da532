import { type AdminProblem, problem } from "@carnet/core/admin-problem";
import { ok, type Result } from "@carnet/protocol/result";
import { JournalBusy } from "../../journal/search.ts";
import type { AdminPorts } from "./admin-ports.ts";

/** What the operations that read do while the store or the journal is busy. */

/** Saves what this process counted, so that the store has it. If that fails, such as on a full disk, the rest is read. */
export const saveCounts = (ports: Pick<AdminPorts, "saveCounts">): Promise<void> => ports.saveCounts().catch(() => {});

/** Refuses the call if too many searches of the journal are waiting. */
export async function unlessBusy<Value>(search: Promise<Value>): Promise<Result<Value, AdminProblem>> {
  try {
    return ok(await search);
  } catch (error) {
    if (error instanceof JournalBusy) return problem("unavailable", error.message);
    throw error;
  }
}
