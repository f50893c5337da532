import { existsSync, readdirSync, readFileSync } from "node:fs";

/** CPU and memory use of processes. */
export interface Usage {
  /** CPU time in user mode, in microseconds. */
  readonly user: number;
  /** CPU time in the kernel, in microseconds. */
  readonly system: number;
  /** Resident memory at the end, in bytes. */
  readonly resident: number;
}

/** Linux counts CPU time in ticks of a hundredth of a second (`getconf CLK_TCK`). */
const microsecondsPerTick = 10_000;
const pageSize = 4096;

/** The use of processes and their descendants since they started. Throws if one of the processes has ended. */
export function readUsage(pids: readonly number[]): Usage {
  const ended = pids.find((pid) => !existsSync(`/proc/${pid}`));
  if (ended !== undefined) throw new Error(`its process ${ended} ended`);
  const all = pids.flatMap(withDescendants).map(readProcess);
  const sum = (field: keyof Usage) => all.reduce((total, usage) => total + usage[field], 0);
  return { user: sum("user"), system: sum("system"), resident: sum("resident") };
}

/** The use between two readings. Memory is that of the later one. */
export const usageBetween = (before: Usage, after: Usage): Usage => ({
  user: after.user - before.user,
  system: after.system - before.system,
  resident: after.resident,
});

function withDescendants(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(withDescendants)];
}

function readProcess(pid: number): Usage {
  // proc_pid_stat(5): the second field is in parentheses and may contain spaces, so count fields after it.
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return {
    user: Number(fields[11]) * microsecondsPerTick,
    system: Number(fields[12]) * microsecondsPerTick,
    resident: Number(fields[21]) * pageSize,
  };
}
