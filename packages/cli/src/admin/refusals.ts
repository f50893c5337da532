import { adminAudienceName, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { type ProblemKind, problems } from "@carnet/protocol/admin/problem-kinds";
import type { Problem } from "@carnet/protocol/admin/problems";
import { Failure } from "../failure.ts";
import { unavailableAdvice } from "../sdk-failure.ts";
import { printable } from "../table.ts";
import { AdminRefusal } from "./admin-api.ts";

/** Maps members of a request body to the flags that set them, so that a problem names what the user typed. */
export type FlagNames = Readonly<Record<string, string>>;

/** Runs `act` and turns a refusal of the admin API into a Failure that names flags, with a suggestion if there is one. */
export async function explainRefusals<Value>(
  act: () => Promise<Value>,
  flags: FlagNames = {},
  suggest: (refusal: AdminRefusal) => Promise<string | undefined> = async () => undefined,
): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof AdminRefusal) throw explain(error, flags, await suggest(error));
    throw error;
  }
}

/** The next step on the command line for each kind of problem. */
const nextSteps: Partial<Record<ProblemKind, string>> = {
  unauthorized:
    "The admin client must have the audience urn:carnet:admin. On the service's machine, `carnet admin reset` restores the first one.",
  not_found:
    "List what exists with `carnet client list`, `carnet secret list`, `carnet scope list` or `carnet owner list`.",
  taken: "Choose another id, or see the existing client with `carnet client show`.",
  unavailable: unavailableAdvice,
  fault: "The service's log has the reason under this request id.",
};

function explain({ problem, method }: AdminRefusal, flags: FlagNames, suggestion: string | undefined): Failure {
  const requestId = problem.request_id === "" ? undefined : printable(problem.request_id); // it may come from any service
  const where = requestId === undefined ? "" : ` (request ${requestId})`;
  const code = kindOf(problem.type);
  const hint = suggestion === undefined ? (missingScope(problem) ?? (code && nextSteps[code])) : printable(suggestion);
  const lines = problem.errors?.length
    ? [`Refused${method === "GET" ? "" : ", nothing was changed"}${where}:`, ...describeErrors(problem.errors, flags)]
    : [`Refused: ${problem.detail}${where}.`];
  return new Failure(lines.map(printable).join("\n  "), { ...(code && { code }), hint, requestId });
}

/** How to get an admin client with the scope that this one lacks. */
function missingScope({ type, detail }: Problem): string | undefined {
  if (kindOf(type) !== "insufficient_scope") return undefined;
  const scope = Object.values(adminScopes).find((name) => detail.includes(name));
  const id = scope === adminScopes.readAudit ? "auditor" : "ID";
  return scope === undefined
    ? "Use an admin client that is registered for this scope."
    : `Use an admin client that has this scope, or create one with \`carnet client create --client-id ${id} --audience ${adminAudienceName} --scope ${scope}\`.`;
}

const kindOf = (type: string): ProblemKind | undefined => {
  const name = type.replace("urn:carnet:problem:", "");
  return (Object.keys(problems) as ProblemKind[]).find((kind) => kind === name);
};

/** Describes each error with the flag that sets the member. */
export const describeErrors = (
  errors: readonly { readonly pointer: string; readonly detail: string }[],
  flags: FlagNames = {},
): readonly string[] => errors.map(({ pointer, detail }) => `${nameOf(pointer, flags)} ${withoutNull(detail)}`.trim());

/** On the command line, an empty value stands for null, and in a file a missing one. */
const withoutNull = (detail: string): string => detail.replace(/^(must be .*?)(?:, | or )null\b/, "$1");

const nameOf = (pointer: string, flags: FlagNames): string => {
  const member = pointer.split("/").findLast((part) => Object.hasOwn(flags, part));
  return member === undefined ? pointer.slice(1).replaceAll("/", ".") : (flags[member] ?? pointer);
};
