import type { ProblemKind } from "@carnet/protocol/admin/problem-kinds";
import { Failure } from "../failure.ts";
import { harmless } from "../table.ts";
import { AdminRefusal } from "./admin-api.ts";

/** Which flag sets a member of a body, so that a problem names what was typed. */
export type FlagsOfMembers = Readonly<Record<string, string>>;

/** Does what it is given, and says a refusal of the admin API in the words of the command line. */
export async function refuseWithFlags<Value>(flags: FlagsOfMembers, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof AdminRefusal) {
      const lines = explain(error, flags).map(harmless); // whatever service it is that answered
      throw new Failure(lines.join("\n  "));
    }
    throw error;
  }
}

/** The next step on this command line, where the problem itself cannot know one. */
const nextSteps: Partial<Record<ProblemKind, string>> = {
  unauthorized:
    "The admin client must have the audience urn:carnet:admin; on the service's machine, `carnet admin reset` puts the first one back.",
  insufficient_scope: "Use an admin client that is registered for this scope.",
  not_found: "`carnet client list`, `carnet secret list` and `carnet scope list` show what there is.",
  taken: "Choose another, or look at that one with `carnet client show`.",
  fault: "The service's log has the reason under this request.",
};

function explain({ problem }: AdminRefusal, flags: FlagsOfMembers): readonly string[] {
  const where = problem.request_id === "" ? "" : ` (request ${problem.request_id})`;
  if (problem.errors === undefined || problem.errors.length === 0) {
    const kind = problem.type.replace("urn:carnet:problem:", "");
    const next = Object.entries(nextSteps).find(([name]) => name === kind)?.[1];
    return [`Refused: ${problem.detail}${where}.${next === undefined ? "" : ` ${next}`}`];
  }
  return [`Refused, nothing was done${where}:`, ...describeErrors(problem.errors, flags)];
}

/** What is wrong with which member, by the flag that sets it. */
export const describeErrors = (
  errors: readonly { readonly pointer: string; readonly detail: string }[],
  flags: FlagsOfMembers = {},
): readonly string[] => errors.map(({ pointer, detail }) => `${nameOf(pointer, flags)} ${detail}`.trim());

const nameOf = (pointer: string, flags: FlagsOfMembers): string => {
  const member = pointer.split("/").findLast((part) => Object.hasOwn(flags, part));
  return member === undefined ? pointer.slice(1).replaceAll("/", ".") : (flags[member] ?? pointer);
};
