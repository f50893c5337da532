import type { FieldProblem } from "../admin-problem.ts";
import { isInside } from "../client/cidr.ts";
import type { Client } from "../client/client.ts";
import { anyValue, type OwnerPolicy } from "./owner.ts";

/** What a policy is compared with besides the client. */
export interface PolicyContext {
  /** The service's own token lifetime, in seconds. */
  readonly accessTokenTtl: number;
  readonly now: number;
}

/** A line of the policy that a client violates. */
export interface Violation extends FieldProblem {
  /** null: not about a secret. */
  readonly secretId: string | null;
}

/** What a change of a client violates that was not violated before. The number of clients is checked by the store. */
export function newViolations(
  before: Client | null,
  after: Client,
  policy: OwnerPolicy,
  context: PolicyContext,
): readonly Violation[] {
  const isSameOwner = before?.owner === after.owner;
  const old = before === null || !isSameOwner ? [] : violations(before, policy, context);
  const known = new Set(old.map(keyOf));
  return violations(after, policy, context).filter((violation) => !known.has(keyOf(violation)));
}

const keyOf = ({ pointer, detail, secretId }: Violation): string => `${pointer} ${detail} ${secretId}`;

/** Every line of a policy that a client violates. */
export function violations(client: Client, policy: OwnerPolicy, context: PolicyContext): readonly Violation[] {
  const found: Violation[] = [];
  const add = (pointer: string, detail: string, secretId: string | null = null): void =>
    void found.push({ pointer, detail, secretId });
  const { scopes } = policy;
  const beyond = scopes === null ? [] : client.scopes.filter((scope) => !isOwn(scope) && !scopes.includes(scope));
  for (const scope of beyond) add("/scope", `must not have ${scope}: the policy allows ${listed(scopes ?? [])}`);
  if (policy.addressBlocks.length > 0) {
    const blocks = policy.addressBlocks.map(({ text }) => text);
    if (client.ipAllowlist.length === 0) add("/ip_allowlist", `must have blocks within ${listed(blocks)}`);
    for (const block of client.ipAllowlist) {
      if (!policy.addressBlocks.some((allowed) => isInside(block, allowed)))
        add("/ip_allowlist", `must not have ${block.text}: the policy allows ${listed(blocks)}`);
    }
  }
  const ttl = client.accessTokenTtl ?? context.accessTokenTtl;
  if (policy.maxTokenTtl !== null && ttl > policy.maxTokenTtl)
    add("/access_token_ttl", `must be at most ${policy.maxTokenTtl} seconds`);
  if (client.audience !== null && !allows(policy.audiences, client.audience))
    add("/audience", `must be the default, or one of: ${listed(policy.audiences)}`);
  if (client.workspace !== null && !allows(policy.workspaces, client.workspace))
    add("/workspace", `must be absent, or one of: ${listed(policy.workspaces)}`);
  if (client.username !== null && !allows(policy.usernames, client.username))
    add("/username", `must be absent, or one of: ${listed(policy.usernames)}`);
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

const isOwn = (scope: string): boolean => scope.startsWith("carnet:");

const allows = (list: readonly string[], value: string): boolean => list.includes(anyValue) || list.includes(value);

const listed = (names: readonly string[]): string => (names.length === 0 ? "nothing" : names.join(" "));
