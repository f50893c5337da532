import { Failure } from "../failure.ts";
import { AdminRefusal } from "./admin-api.ts";

/** Which flag sets a member of a body, so that a problem names what was typed. */
export type FlagsOfMembers = Readonly<Record<string, string>>;

/** Does what it is given, and says a refusal of the admin API in the words of the command line. */
export async function refuseWithFlags<Value>(flags: FlagsOfMembers, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof AdminRefusal) throw new Failure(explain(error, flags));
    throw error;
  }
}

function explain({ problem }: AdminRefusal, flags: FlagsOfMembers): string {
  const where = problem.request_id === "" ? "" : ` (request ${problem.request_id})`;
  if (problem.errors === undefined || problem.errors.length === 0) return `Refused: ${problem.detail}${where}.`;
  const lines = problem.errors.map(({ pointer, detail }) => `${nameOf(pointer, flags)} ${detail}`);
  return [`Refused, nothing was done${where}:`, ...lines].join("\n  ");
}

const nameOf = (pointer: string, flags: FlagsOfMembers): string => {
  const member = pointer.split("/").findLast((part) => Object.hasOwn(flags, part));
  return member === undefined ? pointer.slice(1) : (flags[member] ?? pointer);
};
