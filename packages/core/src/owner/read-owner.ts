import { isOwnScope } from "@carnet/protocol/admin/admin-scopes";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { FieldProblem } from "../admin-problem.ts";
import { addressBlocks, audience, instant, label, scopeNames, seconds } from "../client/fields.ts";
import { patchReader } from "../merge-patch.ts";
import { anyValue, defaultPolicy, type OwnerPolicy, type OwnerSettings } from "./owner.ts";

/** What an operator sets on an owner. A missing field keeps its value; null resets it to the default (RFC 7396). */
export interface OwnerInput {
  readonly description?: string | null | undefined;
  readonly contact?: string | null | undefined;
  readonly policy?: PolicyInput | null | undefined;
}

export interface PolicyInput {
  /** Names separated by spaces. */
  readonly scope?: string | null | undefined;
  readonly ip_allowlist?: readonly string[] | null | undefined;
  readonly max_token_ttl?: number | null | undefined;
  readonly max_secret_age?: number | null | undefined;
  readonly secrets_must_expire?: boolean | null | undefined;
  readonly max_clients?: number | null | undefined;
  readonly audiences?: readonly string[] | null | undefined;
  readonly workspaces?: readonly string[] | null | undefined;
  readonly usernames?: readonly string[] | null | undefined;
  readonly enforce_from?: string | null | undefined;
}

export const defaultOwnerSettings: OwnerSettings = { description: null, contact: null, policy: defaultPolicy };

/** Seconds: a day, as for clients. */
const longestTtl = 86_400;
/** Seconds: about ten years. */
const longestSecretAge = 3653 * 86_400;
const mostClients = 1_000_000;
/** Of each list. */
const mostNames = 100;

/** Applies an input to the current settings. Refuses with all invalid fields. Does not look into the scope catalogue. */
export function readOwner(input: OwnerInput, current: OwnerSettings): Result<OwnerSettings, readonly FieldProblem[]> {
  const { read, problems } = patchReader(input, { current, initial: defaultOwnerSettings });
  const [description, contact] = [read("description", "description", label), read("contact", "contact", label)];
  const policy =
    input.policy === null ? ok(defaultPolicy) : input.policy ? readPolicy(input.policy, current.policy) : undefined;
  const all = [...problems, ...(policy?.ok === false ? policy.error : [])];
  return all.length > 0 ? err(all) : ok({ description, contact, policy: policy?.ok ? policy.value : current.policy });
}

function readPolicy(input: PolicyInput, current: OwnerPolicy): Result<OwnerPolicy, readonly FieldProblem[]> {
  const { read, problems } = patchReader(input, { current, initial: defaultPolicy, within: "/policy" });
  const policy: OwnerPolicy = {
    scopes: read("scope", "scopes", ceiling),
    addressBlocks: read("ip_allowlist", "addressBlocks", addressBlocks),
    maxTokenTtl: read("max_token_ttl", "maxTokenTtl", (number) => seconds(number, longestTtl)),
    maxSecretAge: read("max_secret_age", "maxSecretAge", (number) => seconds(number, longestSecretAge)),
    secretsMustExpire: read("secrets_must_expire", "secretsMustExpire", ok<boolean>),
    maxClients: read("max_clients", "maxClients", numberOfClients),
    audiences: read("audiences", "audiences", (names) => eachOf(names, audience)),
    workspaces: read("workspaces", "workspaces", (names) => eachOf(names, label)),
    usernames: read("usernames", "usernames", (names) => eachOf(names, label)),
    enforceFrom: read("enforce_from", "enforceFrom", instant),
  };
  return problems.length === 0 ? ok(policy) : err(problems);
}

/** Refuses an empty ceiling, because people would take it for none. */
function ceiling(text: string): Result<readonly string[], string> {
  const names = scopeNames(text);
  if (!names.ok) return names;
  if (names.value.length === 0) return err("must have at least one scope; null means every scope of the catalogue");
  return names.value.some(isOwnScope)
    ? err("must not have a scope that begins with carnet:, because only an admin over all owners grants those")
    : names;
}

const numberOfClients = (number: number): Result<number, string> =>
  Number.isInteger(number) && number >= 0 && number <= mostClients
    ? ok(number)
    : err(`must be a whole number from 0 to ${mostClients}`);

function eachOf(
  names: readonly string[],
  parse: (name: string) => Result<string, string>,
): Result<readonly string[], string> {
  if (names.length > mostNames) return err(`must have at most ${mostNames} names, or ${anyValue} for any`);
  const wrong = names.map(parse).find((name) => !name.ok);
  return wrong?.ok === false ? err(`has a name that ${wrong.error}`) : ok([...new Set(names)]);
}
