import { type ProblemKind, problems } from "@carnet/protocol/admin/problem-kinds";
import type { Problem } from "@carnet/protocol/admin/problems";
import { roles, scopesOfRole } from "@carnet/protocol/admin/roles";
import { formatDuration } from "@carnet/protocol/duration";
import { quoted } from "@carnet/protocol/shell-word";
import { Failure } from "../failure.ts";
import { unavailableAdvice } from "../sdk-failure.ts";
import { printable } from "../table.ts";
import { AdminRefusal } from "./admin-refusal.ts";

/** Maps members of a request body, by their name or their path, to the flags that set them, so that a problem names what the user typed. */
export type FlagNames = Readonly<Record<string, string>>;

/** Runs `act` and turns a refusal of the admin API into a Failure that names flags, with a suggestion if there is one. */
export async function explainRefusals<Value>(
  act: () => Promise<Value>,
  flags?: FlagNames,
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
const nextSteps: Readonly<Record<string, string>> = {
  unauthorized:
    "Use an active admin client: one with a role. A platform admin lists them with `carnet admin list`, and creates one with `carnet admin create ID --role ROLE`. On the service's machine, `carnet admin reset` restores the first one.",
  not_found:
    "List what exists with `carnet client list`, `carnet secret list`, `carnet scope list` or `carnet owner list`.",
  taken:
    "Choose another id. `carnet client show` shows the client that has it, unless it belongs to an owner that your role is not bound to.",
  insufficient_role: "See your role and what it may do with `carnet whoami`.",
  last_admin:
    "Create another platform admin first: `carnet admin create ID --role admin`. `carnet admin list` shows all of them.",
  unavailable: unavailableAdvice,
  fault: "The service's log has the reason under this request id.",
};

function explain(refusal: AdminRefusal, flags: FlagNames | undefined, suggestion: string | undefined): Failure {
  const { problem, method } = refusal;
  const requestId = problem.request_id === "" ? undefined : printable(problem.request_id); // it may come from any service
  const where = requestId === undefined ? "" : ` (request ${requestId})`;
  const code = kindOf(problem.type);
  const hint =
    suggestion === undefined ? (hintFor(refusal, flags) ?? (code && nextSteps[code])) : printable(suggestion);
  const lines = problem.errors?.length
    ? [`Refused${method === "GET" ? "" : ", nothing was changed"}${where}:`, ...describeErrors(problem.errors, flags)]
    : [`Refused: ${problem.detail}${where}.`];
  return new Failure(lines.map(printable).join("\n  "), { ...(code && { code }), hint, requestId });
}

/** The next step that depends on more than the kind of problem. */
function hintFor(refusal: AdminRefusal, flags: FlagNames | undefined): string | undefined {
  const { problem } = refusal;
  const kind = kindOf(problem.type);
  if (kind === "insufficient_scope") return missingScope(problem);
  if (kind === "policy")
    return [correctionHint(refusal, flags), policyHint(problem)].filter((hint) => hint !== "").join(" ");
  const errors = problem.errors ?? [];
  if (errors.some(({ detail }) => /need a role|give the client a role/.test(detail)))
    return "Create an admin client with `carnet admin create ID --role auditor`.";
  return undefined;
}

/** Which role to ask for, if the admin client lacks a scope. */
function missingScope({ detail }: Problem): string {
  const has = roles.filter((role) => scopesOfRole[role].some((scope) => detail.includes(scope)));
  return `See your role and scopes with \`carnet whoami\`. ${
    has.length === 0
      ? "Use an admin client that is registered for this scope."
      : `Admin clients with the role ${has.join(" or ")} can have this scope: \`carnet admin create ID --role ${has.at(-1)}\`.`
  }`;
}

/** How to correct an existing client, if the command has no flags for what the policy refuses. */
function correctionHint({ problem, path }: AdminRefusal, flags: FlagNames | undefined): string {
  const id = /^\/clients\/([^/?]+)(\/enable)?$/.exec(path)?.[1];
  const others = (problem.errors ?? [])
    .map(({ pointer }) => pointer)
    .filter((pointer) => flagOf(pointer, flags) === undefined);
  if (flags === undefined || id === undefined) return "";
  const name = quoted(decodeURIComponent(id));
  const steps = [
    ...(others.some((pointer) => isChangeable(pointer)) ? [`\`carnet client change ${name}\``] : []),
    ...(others.includes("/secret/expires_at")
      ? [`\`carnet secret rotate ${name}\`, then \`carnet secret revoke\` for the old secret`]
      : []),
  ];
  return steps.length === 0 ? "" : `Correct the client first: ${steps.join(", and ")}.`;
}

const isChangeable = (pointer: string): boolean => !["/owner", "/workspace", "/secret/expires_at"].includes(pointer);

function policyHint({ owner, contact }: Problem): string {
  if (owner === undefined) return contact === undefined ? "" : `To have it changed, ask ${contact}.`;
  const name = quoted(owner);
  const show = `See the whole policy with \`carnet owner show ${name}\`.`;
  return `${show} A platform admin changes it with \`carnet owner change ${name}\`: ask ${contact ?? "one"}.`;
}

const kindOf = (type: string): ProblemKind | undefined => {
  const name = type.replace("urn:carnet:problem:", "");
  return (Object.keys(problems) as ProblemKind[]).find((kind) => kind === name);
};

/** Describes each error with the flag that sets the member. */
export const describeErrors = (
  errors: readonly { readonly pointer: string; readonly detail: string }[],
  flags: FlagNames = {},
): readonly string[] =>
  errors.map(({ pointer, detail }) => `${nameOf(pointer, flags)} ${inCommandWords(detail)}`.trim());

/**
 * A detail of the admin API in the words of the command line, where an empty value stands for null, and in a file a
 * missing one, and where times are durations.
 */
export const inCommandWords = (detail: string): string =>
  detail
    .replace(/^(must be .*?)(?:, | or )null\b/, "$1")
    .replace(/\bat most (\d+) seconds\b/, (_, seconds) => `at most ${formatDuration(Number(seconds))}`);

function nameOf(pointer: string, flags: FlagNames): string {
  const path = pointer.slice(1).replaceAll("/", ".");
  // Says which claim, and a claim can have the name of another member
  if (path.startsWith("claims.")) return path.replace("claims.", `${flags["claims"] ?? "claims"}: `);
  return flagOf(pointer, flags) ?? path;
}

function flagOf(pointer: string, flags: FlagNames = {}): string | undefined {
  const path = pointer.slice(1);
  const member = [...path.split("/"), path].findLast((part) => Object.hasOwn(flags, part));
  return member === undefined ? undefined : flags[member];
}
