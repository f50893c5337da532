import type { FieldProblem } from "../admin-problem.ts";
import { isInside } from "../client/cidr.ts";
import type { Client } from "../client/client.ts";
import type { ClientSettingsInput } from "../client/client-settings.ts";
import type { NewSecretInput } from "../client/make-secret.ts";
import { anyValue, type OwnerPolicy } from "./owner.ts";

/** What a policy is compared with besides the client. */
export interface PolicyContext {
  /** The service's own token lifetime, in seconds. */
  readonly accessTokenTtl: number;
  readonly now: number;
}

/** A line of the policy that a client violates. */
export interface Violation extends FieldProblem {
  /** What violates it: a scope, an address block, another value, or the id of a secret. */
  readonly subject: string;
}

/**
 * What a change of a client violates that was not violated before. Another value that violates the same line is new.
 * Enabling a client again must violate nothing once the policy is enforced, or it would be disabled again at once.
 * Does not check the number of clients, which only the store can do.
 */
export function newViolations(
  before: Client | null,
  after: Client,
  policy: OwnerPolicy,
  context: PolicyContext,
): readonly Violation[] {
  const isEnforced = policy.enforceFrom !== null && policy.enforceFrom <= context.now;
  const isEnabled = before?.status === "disabled" && after.status === "active";
  const isNew = before === null || before.owner !== after.owner || (isEnforced && isEnabled);
  const old = isNew ? [] : violations(before, policy, context);
  const known = new Set(old.map(keyOf));
  return violations(after, policy, context).filter((violation) => !known.has(keyOf(violation)));
}

const keyOf = ({ pointer, detail, subject }: Violation): string => JSON.stringify([pointer, detail, subject]);

/** Every line of a policy that a client violates. */
export function violations(client: Client, policy: OwnerPolicy, context: PolicyContext): readonly Violation[] {
  const found: Violation[] = [];
  const add = (pointer: string, detail: string, subject: string): void => void found.push({ pointer, detail, subject });
  const { scopes } = policy;
  const beyond = scopes === null ? [] : client.scopes.filter((scope) => !isOwn(scope) && !scopes.includes(scope));
  for (const scope of beyond) add("/scope", `must not have ${scope}: the policy allows ${listed(scopes ?? [])}`, scope);
  if (policy.addressBlocks.length > 0) {
    const blocks = policy.addressBlocks.map(({ text }) => text);
    if (client.ipAllowlist.length === 0) add("/ip_allowlist", `must have blocks within ${listed(blocks)}`, "");
    for (const block of client.ipAllowlist) {
      if (!policy.addressBlocks.some((allowed) => isInside(block, allowed)))
        add("/ip_allowlist", `must not have ${block.text}: the policy allows ${listed(blocks)}`, block.text);
    }
  }
  const ttl = client.accessTokenTtl ?? context.accessTokenTtl;
  if (policy.maxTokenTtl !== null && ttl > policy.maxTokenTtl)
    add("/access_token_ttl", `must be at most ${policy.maxTokenTtl} seconds`, String(ttl));
  if (client.audience !== null && !allows(policy.audiences, client.audience))
    add("/audience", `must be the default, or one of: ${listed(policy.audiences)}`, client.audience);
  if (client.workspace !== null && !allows(policy.workspaces, client.workspace))
    add("/workspace", `must be absent, or one of: ${listed(policy.workspaces)}`, client.workspace);
  if (client.username !== null && !allows(policy.usernames, client.username))
    add("/username", `must be absent, or one of: ${listed(policy.usernames)}`, client.username);
  for (const secret of client.secrets) {
    if (secret.revokedAt !== null || (secret.expiresAt !== null && secret.expiresAt <= context.now)) continue;
    const end = secret.expiresAt;
    if (policy.maxSecretAge !== null && (end === null || end > secret.createdAt + policy.maxSecretAge * 1000))
      add(
        "/secret/expires_at",
        `must be at most ${policy.maxSecretAge} seconds after the secret was made`,
        secret.secretId,
      );
    else if (policy.secretsMustExpire && end === null) add("/secret/expires_at", "must be given", secret.secretId);
  }
  return found;
}

/** A new client's settings, with what the policy gives it where the input says nothing. */
export function withPolicySettings<Input extends ClientSettingsInput>(
  input: Input,
  { addressBlocks, maxTokenTtl }: OwnerPolicy,
  { accessTokenTtl }: Pick<PolicyContext, "accessTokenTtl">,
): Input {
  const needsBlocks = addressBlocks.length > 0 && input.ip_allowlist == null;
  const needsTtl = maxTokenTtl !== null && maxTokenTtl < accessTokenTtl && input.access_token_ttl == null;
  return {
    ...input,
    ...(needsBlocks && { ip_allowlist: addressBlocks.map(({ text }) => text) }),
    ...(needsTtl && { access_token_ttl: maxTokenTtl }),
  };
}

/** A new secret, with the end that the policy gives it if the input has none. */
export const withPolicyEnd = (
  input: NewSecretInput,
  { maxSecretAge }: Pick<OwnerPolicy, "maxSecretAge">,
  now: number,
): NewSecretInput =>
  maxSecretAge === null || input.expires_at != null
    ? input
    : { ...input, expires_at: new Date(now + maxSecretAge * 1000).toISOString() };

const isOwn = (scope: string): boolean => scope.startsWith("carnet:");

const allows = (list: readonly string[], value: string): boolean => list.includes(anyValue) || list.includes(value);

const listed = (names: readonly string[]): string => (names.length === 0 ? "nothing" : names.join(" "));
