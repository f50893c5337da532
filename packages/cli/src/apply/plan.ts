import { createHash } from "node:crypto";
import { isInside, parseCidr } from "@carnet/core/client/cidr";
import type { Client, ClientChange } from "@carnet/protocol/admin/clients";
import type { OwnerPolicy } from "@carnet/protocol/admin/owners";
import { parseInstant } from "@carnet/protocol/instant";
import { isJsonObject, type JsonObject, mergePatchBetween } from "@carnet/protocol/json-merge-patch";
import type { DesiredClient, DesiredClients } from "./desired-clients.ts";

/** The label that marks a managed client. Its value is the fingerprint of what was last applied. */
export const appliedLabel = "applied";

/** Replaces the fingerprint of a client that `apply` disabled, so that only such a client is enabled again. */
export const removedFromFile = "left-the-file";

/** One step of a plan. Clients of another owner are never changed, and neither are clients that were never applied. */
export type Step =
  | { readonly kind: "create"; readonly client: DesiredClient & { readonly owner: string } }
  | {
      /** `adopt`: the owner has the client, but no file had it before. */
      readonly kind: "adopt" | "change" | "drift";
      readonly clientId: string;
      readonly change: ClientChange;
      readonly differences: readonly Difference[];
    }
  | { readonly kind: "disable"; readonly clientId: string }
  | { readonly kind: "impossible"; readonly clientId: string; readonly reason: string };

export interface Difference {
  readonly member: string;
  readonly is: string;
  readonly shouldBe: string;
  /** Why, if the file does not say so. */
  readonly reason?: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly unchanged: number;
}

/** Compares the file with the existing clients of an owner with this policy. */
export function makePlan(desired: DesiredClients, existing: Iterable<Client>, policy: OwnerPolicy): Plan {
  const missing = new Map(desired.clients.map((client) => [client.client_id, client]));
  const steps: Step[] = [];
  let unchanged = 0;
  for (const client of existing) {
    const wanted = missing.get(client.client_id);
    missing.delete(client.client_id);
    const reason = wanted && obstacle(wanted, client, desired.owner);
    if (wanted === undefined) {
      if (isManaged(client, desired.owner) && client.status === "active")
        steps.push({ kind: "disable", clientId: client.client_id });
    } else if (reason !== undefined) steps.push({ kind: "impossible", clientId: client.client_id, reason });
    else {
      const step = compare(wanted, client, { ...desired, policy });
      if (step === undefined) unchanged++;
      else steps.push(step);
    }
  }
  const created = [...missing.values()].map(
    (client): Step => ({ kind: "create", client: owned(client, desired.owner) }),
  );
  return { steps: [...created, ...steps], unchanged };
}

const isManaged = (client: Client, owner: string): boolean =>
  client.owner === owner && client.role === null && client.labels[appliedLabel] !== undefined;

/** Why a file of this owner cannot have a client. */
function obstacle(wanted: DesiredClient, client: Client, owner: string): string | undefined {
  if (client.role !== null) return "is an admin client, which a file cannot have";
  if (client.owner !== owner) return `belongs to ${client.owner}`;
  return (wanted.workspace ?? null) === client.workspace ? undefined : "has another workspace, which cannot change";
}

/** A client with its owner, and with the label that marks it as applied. */
const owned = (client: DesiredClient, owner: string): DesiredClient & { readonly owner: string } => ({
  ...client,
  owner,
  labels: { ...client.labels, [appliedLabel]: fingerprint(client) },
});

const fingerprint = (client: DesiredClient): string =>
  createHash("sha256").update(sortedJson(client)).digest("hex").slice(0, 16);

const sortedJson = (value: object): string =>
  JSON.stringify(value, (_, inner: unknown) => (isJsonObject(inner) ? sorted(inner) : inner));

const sorted = (mapping: object): object =>
  Object.fromEntries(Object.entries(mapping).sort(([a], [b]) => (a < b ? -1 : 1)));

function compare(
  wanted: DesiredClient,
  client: Client,
  { owner, policy }: { readonly owner: string; readonly policy: OwnerPolicy },
): Step | undefined {
  const { client_id: clientId, workspace: _, ...settings } = owned(wanted, owner);
  const labels = { ...Object.fromEntries(Object.keys(client.labels).map((name) => [name, null])), ...settings.labels };
  const limited = withinPolicy(client, policy);
  const full: ClientChange = { ...unset, ...limited, ...statusOnReturn(client), ...settings, labels };
  const applied = client.labels[appliedLabel];
  const isSameFile = applied === fingerprint(wanted);
  const differences = Object.entries(full).flatMap(([member, value]): Difference[] => {
    const is = canonical(member, Reflect.get(client, member));
    const shouldBe = canonical(member, value ?? Reflect.get(defaults, member));
    const reason = member in settings ? undefined : reasonOf(member, { limited, owner, isSameFile });
    return is === shouldBe ? [] : [{ member, is, shouldBe, ...(reason && { reason }) }];
  });
  if (differences.length === 0 && applied !== undefined) return undefined;
  const isDrift = isSameFile && differences.some(({ reason }) => reason === undefined);
  const kind = applied === undefined ? "adopt" : isDrift ? "drift" : "change";
  // Unchanged settings are not sent, because the API would refuse some, such as an expiry date in the past.
  const differing = Object.entries(full).filter(([name]) => differences.some(({ member }) => member === name));
  const change: ClientChange = { ...Object.fromEntries(differing), ...claimsPatch(differing, client), labels };
  return { kind, clientId, change, differences };
}

/** The file has all claims of a client, but a change merges them. */
const claimsPatch = (differing: readonly [string, unknown][], client: Client): Pick<ClientChange, "claims"> => {
  const claims = differing.find(([name]) => name === "claims")?.[1];
  return isJsonObject(claims) ? { claims: mergePatchBetween(client.claims as JsonObject, claims) } : {};
};

/**
 * A status that the file omits stays unchanged: a client that an operator disabled, for example because it was stolen,
 * must stay disabled. Only a client that `apply` disabled is enabled when it returns to the file.
 */
const statusOnReturn = (client: Client): ClientChange =>
  client.labels[appliedLabel] === removedFromFile ? { status: "active" } : {};

/** The file sets everything except the status, so settings that it omits are reset. */
const unset: Required<Omit<ClientChange, "status" | "labels" | "owner" | "role" | "role_owners">> = {
  client_name: null,
  username: null,
  scope: null,
  scope_policy: null,
  expires_at: null,
  ip_allowlist: null,
  token_endpoint_auth_method: null,
  access_token_ttl: null,
  audience: null,
  claims: null,
};

/**
 * The settings that the policy fills in if the file omits them. A client keeps its value while the policy allows it, so
 * that a changed policy changes no client that obeys it. Else it gets the limit.
 */
function withinPolicy(client: Client, { max_token_ttl: longest, ip_allowlist: allowed }: OwnerPolicy): ClientChange {
  const { access_token_ttl: ttl, ip_allowlist: blocks } = client;
  return {
    ...(longest !== null && { access_token_ttl: ttl === null ? null : Math.min(ttl, longest) }),
    ...(allowed.length > 0 && { ip_allowlist: areWithin(blocks, allowed) ? blocks : allowed }),
  };
}

/**
 * Why the value of a setting that the file omits differs. A policy may have filled it in and no longer limit it, so it is
 * reset without being called drift.
 */
function reasonOf(
  member: string,
  {
    limited,
    owner,
    isSameFile,
  }: { readonly limited: ClientChange; readonly owner: string; readonly isSameFile: boolean },
): string | undefined {
  if (member in limited) return `the policy of ${owner}`;
  const isFilledIn = member === "access_token_ttl" || member === "ip_allowlist";
  return isFilledIn && isSameFile ? `neither the file nor the policy of ${owner} sets it` : undefined;
}

/** Whether there are blocks, each inside an allowed one. None means any address. */
const areWithin = (blocks: readonly string[], allowed: readonly string[]): boolean =>
  blocks.length > 0 &&
  blocks.map(parseCidr).every((block) => {
    const isIn = (outer: ReturnType<typeof parseCidr>): boolean =>
      block.ok && outer.ok && isInside(block.value, outer.value);
    return allowed.map(parseCidr).some(isIn);
  });

const defaults = { scope: "", scope_policy: "narrow", ip_allowlist: [], labels: {} };

/** A value in canonical form, so that equal values compare equal. */
function canonical(member: string, value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (member === "expires_at" && typeof value === "string") return instantOf(value);
  if (member === "labels" && typeof value === "object") {
    const labels = Object.entries(value).filter(([name, label]) => label !== null && name !== appliedLabel);
    return (
      labels
        .map(([name, label]) => `${name}=${label}`)
        .sort()
        .join(" ") || "-"
    );
  }
  if (member === "ip_allowlist" && Array.isArray(value)) return value.map(canonicalBlock).join(" ") || "-";
  if (member === "claims" && isJsonObject(value)) return Object.keys(value).length === 0 ? "-" : sortedJson(value);
  return String(value) || "-";
}

const canonicalBlock = (block: string): string => {
  const read = parseCidr(block);
  return read.ok ? read.value.text : block;
};

function instantOf(text: string): string {
  const instant = parseInstant(text);
  return instant === undefined ? text : new Date(instant).toISOString();
}
