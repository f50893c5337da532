import { type AdminProblem, problem } from "@carnet/core/admin-problem";
import { ok, type Result } from "@carnet/protocol/result";
import { QueueFull } from "../../task-queue.ts";
import type { AdminPorts } from "./admin-ports.ts";

/** What the operations that read do while the store or the journal is busy. */

/** Saves what this process counted, so that the store has it. If that fails, such as on a full disk, the rest is read. */
export const saveCounts = (ports: Pick<AdminPorts, "saveCounts">): Promise<void> => ports.saveCounts().catch(() => {});

/** Refuses the call if too many tasks of its kind are waiting. */
export async function unlessBusy<Value>(task: Promise<Value>): Promise<Result<Value, AdminProblem>> {
  try {
    return ok(await task);
  } catch (error) {
    if (error instanceof QueueFull) return problem("unavailable", error.message);
    throw error;
  }
}
