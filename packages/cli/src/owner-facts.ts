import type { Owner, OwnerReport } from "@carnet/protocol/admin/owners";
import { formatDuration } from "@carnet/protocol/duration";
import { describeErrors } from "./admin/refusals.ts";
import { formatTable } from "./table.ts";
import { wrapped } from "./wrap.ts";

/** An owner's fields as text, with words for empty values. */
export const ownerFacts = (
  owner: Owner,
): Record<Exclude<keyof Owner, "policy">, string> & Record<keyof Owner["policy"], string> => {
  const { policy } = owner;
  return {
    name: owner.name,
    description: owner.description ?? "-",
    contact: owner.contact ?? "-",
    clients: clientsOf(owner),
    scope: policy.scope ?? "(every scope of the catalogue)",
    ip_allowlist: policy.ip_allowlist.join(" ") || "(any address)",
    max_token_ttl: policy.max_token_ttl === null ? "(any)" : formatDuration(policy.max_token_ttl),
    max_secret_age: policy.max_secret_age === null ? "(any)" : formatDuration(policy.max_secret_age),
    secrets_must_expire: mustExpire(policy),
    max_clients: policy.max_clients === null ? "(any number)" : String(policy.max_clients),
    audiences: valuesOf(policy.audiences, "(only the server default)"),
    workspaces: valuesOf(policy.workspaces, "(none)"),
    usernames: valuesOf(policy.usernames, "(none)"),
    enforce_from: policy.enforce_from ?? "(never: violations are only reported)",
    created_at: owner.created_at ?? "-",
    updated_at: owner.updated_at ?? "-",
  };
};

/** The setting itself, as in the JSON, and what another setting adds to it. */
function mustExpire({ secrets_must_expire, max_secret_age }: Owner["policy"]): string {
  if (secrets_must_expire) return "yes";
  return max_secret_age === null ? "no" : "no, but max_secret_age gives each secret an end";
}

/** How many clients an owner has, and whether these are more than its policy allows. */
export const clientsOf = ({ clients, policy: { max_clients } }: Owner): string =>
  max_clients !== null && clients > max_clients ? `${clients}, more than the policy allows` : String(clients);

const valuesOf = (values: readonly string[], none: string): string =>
  values.includes("*") ? "(any)" : values.join(" ") || none;

/** The clients that violate the policy of an owner, and what happens to them. */
export function formatViolations({ name, policy, violations }: OwnerReport): string {
  const { count, clients } = violations;
  if (count === 0) return wrapped("\nNo client violates the policy.\n");
  const rows = clients.map(({ client_id, status, violations }) => [
    client_id,
    status,
    describeErrors(violations).join("; "),
  ]);
  const head =
    count === 1 ? "1 client violates the policy:" : `${count} clients violate the policy${firstOf(count, clients)}:`;
  const next =
    policy.enforce_from === null
      ? `They keep working. To disable them, run \`carnet owner change ${name} --enforce-from <time>\`.`
      : `Those that are active are disabled from ${policy.enforce_from} on.`;
  return wrapped(`\n${head}\n`) + formatTable(["CLIENT ID", "STATUS", "VIOLATES"], rows) + wrapped(`${next}\n`);
}

/** What to ask before a change of a policy that disables clients at once. Undefined if it disables none. */
export function disablingQuestion({ enforced, violations }: OwnerReport): string | undefined {
  if (!enforced) return undefined;
  const ids = violations.clients.flatMap(({ client_id, status }) => (status === "active" ? [client_id] : []));
  const isPartial = violations.count > violations.clients.length; // the report lists the first violations only
  if (ids.length === 0 && !isPartial) return undefined;
  const clients = ids.length === 1 && !isPartial ? "client is" : "clients are";
  return `${isPartial ? "At least " : ""}${ids.length} ${clients} disabled now: ${ids.join(", ")}${isPartial ? ", …" : ""}. Continue?`;
}

const firstOf = (count: number, { length }: { readonly length: number }): string =>
  count > length ? `, of which the first ${length} are` : "";
