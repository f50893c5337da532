import { isOwnScope } from "@carnet/protocol/admin/admin-scopes";
import type { FieldProblem } from "../admin-problem.ts";
import { isInside } from "../client/cidr.ts";
import type { Client } from "../client/client.ts";
import { type ClientSecret, fixedEndOf } from "../client/client-secret.ts";
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
interface BrokenLine {
  readonly pointer: string;
  /** All that violates it: scopes, address blocks, another value, or ids of secrets. */
  readonly subjects: readonly string[];
  detail(subjects: readonly string[]): string;
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
): readonly FieldProblem[] {
  const isEnforced = policy.enforceFrom !== null && policy.enforceFrom <= context.now;
  const isEnabled = before?.status === "disabled" && after.status === "active";
  const wasAdmin = before !== null && before.role !== null && after.role === null; // no policy bound it
  const isNew = before === null || before.owner !== after.owner || wasAdmin || (isEnforced && isEnabled);
  const old = isNew ? [] : brokenLines(before, policy, context);
  // On all subjects, not on the text, which names only some of them
  const known = new Set(old.flatMap(({ pointer, subjects }) => subjects.map((subject) => `${pointer} ${subject}`)));
  return described(
    brokenLines(after, policy, context).map((line) => ({
      ...line,
      subjects: line.subjects.filter((subject) => !known.has(`${line.pointer} ${subject}`)),
    })),
  );
}

/** Every line of a policy that a client violates: one short problem for each, whatever the number of scopes and blocks. */
export const violations = (client: Client, policy: OwnerPolicy, context: PolicyContext): readonly FieldProblem[] =>
  described(brokenLines(client, policy, context));

/** Whether a client violates any line of a policy. Cheaper than `violations`. */
export const violates = (client: Client, policy: OwnerPolicy, context: PolicyContext): boolean =>
  brokenLines(client, policy, context).some(({ subjects }) => subjects.length > 0);

const described = (lines: readonly BrokenLine[]): readonly FieldProblem[] =>
  lines
    .filter(({ subjects }) => subjects.length > 0)
    .map(({ pointer, subjects, detail }) => ({ pointer, detail: detail(subjects) }));

/** The lines of a policy with what violates them in a client, if anything does. No two have the same pointer. */
function brokenLines(client: Client, policy: OwnerPolicy, context: PolicyContext): readonly BrokenLine[] {
  const { maxTokenTtl, audiences, workspaces, usernames } = policy;
  const ttl = client.accessTokenTtl ?? context.accessTokenTtl;
  return [
    scopeLine(client, policy),
    addressLine(client, policy),
    {
      pointer: "/access_token_ttl",
      subjects: maxTokenTtl !== null && ttl > maxTokenTtl ? [String(ttl)] : [],
      detail: () => `must be at most ${maxTokenTtl} seconds`,
    },
    {
      pointer: "/audience",
      subjects: beyond(audiences, client.audience),
      detail: () => `must be the default, or one of: ${listed(audiences)}`,
    },
    {
      pointer: "/workspace",
      subjects: beyond(workspaces, client.workspace),
      detail: () => `must be absent, or one of: ${listed(workspaces)}`,
    },
    {
      pointer: "/username",
      subjects: beyond(usernames, client.username),
      detail: () => `must be absent, or one of: ${listed(usernames)}`,
    },
    secretLine(client, policy, context),
  ];
}

function scopeLine(client: Client, { scopes }: OwnerPolicy): BrokenLine {
  const allowed = scopes === null ? undefined : scopeSet(scopes);
  return {
    pointer: "/scope",
    subjects: allowed === undefined ? [] : client.scopes.filter((scope) => !isOwnScope(scope) && !allowed.has(scope)),
    detail: (subjects) => `must not have ${listed(subjects)}: the policy allows ${listed(scopes ?? [])}`,
  };
}

/** Kept, because all clients of an owner are compared with the same policy. */
function scopeSet(scopes: readonly string[]): ReadonlySet<string> {
  const known = scopeSets.get(scopes) ?? new Set(scopes);
  scopeSets.set(scopes, known);
  return known;
}
const scopeSets = new WeakMap<readonly string[], ReadonlySet<string>>();

function addressLine({ ipAllowlist }: Client, { addressBlocks }: OwnerPolicy): BrokenLine {
  const outside = ipAllowlist.filter((block) => !addressBlocks.some((allowed) => isInside(block, allowed)));
  const subjects = ipAllowlist.length === 0 ? [anyAddress] : outside.map(({ text }) => text);
  const allowed = (): string => listed(addressBlocks.map(({ text }) => text));
  return {
    pointer: "/ip_allowlist",
    subjects: addressBlocks.length === 0 ? [] : subjects,
    detail: (blocks) =>
      blocks.includes(anyAddress)
        ? `must have blocks within ${allowed()}`
        : `must not have ${listed(blocks)}: the policy allows ${allowed()}`,
  };
}

/** What violates the address blocks in a client without a list of its own. */
const anyAddress = "any";

function secretLine(
  client: Client,
  { maxSecretAge, secretsMustExpire }: OwnerPolicy,
  context: PolicyContext,
): BrokenLine {
  const endsTooLate = ({ createdAt, expiresAt }: ClientSecret): boolean =>
    expiresAt === null
      ? maxSecretAge !== null || secretsMustExpire
      : maxSecretAge !== null && expiresAt > createdAt + maxSecretAge * 1000;
  const works = (secret: ClientSecret): boolean =>
    secret.revokedAt === null && (fixedEndOf(secret) ?? Number.POSITIVE_INFINITY) > context.now;
  return {
    pointer: "/secret/expires_at",
    subjects: client.secrets.filter((secret) => works(secret) && endsTooLate(secret)).map(({ secretId }) => secretId),
    detail: () =>
      maxSecretAge === null ? "must be given" : `must be at most ${maxSecretAge} seconds after the secret was made`,
  };
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
): NewSecretInput => withEnd(input, maxSecretAge === null ? null : now + maxSecretAge * 1000);

/** A new secret with this end if the input has none. null: leaves it without. */
export const withEnd = (input: NewSecretInput, end: number | null): NewSecretInput =>
  end === null || input.expires_at != null ? input : { ...input, expires_at: new Date(end).toISOString() };

const beyond = (list: readonly string[], value: string | null): readonly string[] =>
  value === null || list.includes(anyValue) || list.includes(value) ? [] : [value];

const maxListed = 10;
/** Characters of a name that a text shows. */
const maxShown = 80;

/** The first names, because a client may have thousands of scopes, and each client of an import is refused with this text. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names
    .slice(0, maxListed)
    .map((name) => (name.length > maxShown ? `${name.slice(0, maxShown)}…` : name));
  return shown.join(" ") + (names.length > maxListed ? ` and ${names.length - maxListed} more` : "");
}
