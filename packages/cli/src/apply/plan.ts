import { createHash } from "node:crypto";
import type { Client, ClientChange } from "@carnet/protocol/admin/clients";
import type { DesiredClient, DesiredClients } from "./desired-clients.ts";

/** Whose a client is, and the fingerprint of what was last applied to it: labels of the client itself. */
export const ownerLabel = "managed-by";
export const appliedLabel = "applied";

/** What an application of a file would do. Clients of other owners, or of nobody, are never touched. */
export type Step =
  | { readonly kind: "create"; readonly client: DesiredClient }
  | {
      readonly kind: "change" | "drift";
      readonly clientId: string;
      readonly change: ClientChange;
      readonly differences: readonly Difference[];
    }
  | { readonly kind: "disable"; readonly clientId: string }
  | { readonly kind: "foreign"; readonly clientId: string; readonly owner: string | null };

export interface Difference {
  readonly member: string;
  readonly is: string;
  readonly shouldBe: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly unchanged: number;
}

/** Compares what should be with what is. */
export function makePlan(desired: DesiredClients, existing: Iterable<Client>): Plan {
  const missing = new Map(desired.clients.map((client) => [client.client_id, client]));
  const steps: Step[] = [];
  let unchanged = 0;
  for (const client of existing) {
    const wanted = missing.get(client.client_id);
    missing.delete(client.client_id);
    const owner = client.labels[ownerLabel] ?? null;
    if (wanted === undefined) {
      if (owner === desired.owner && client.status === "active")
        steps.push({ kind: "disable", clientId: client.client_id });
    } else if (owner !== desired.owner) steps.push({ kind: "foreign", clientId: client.client_id, owner });
    else {
      const step = compare(wanted, client, desired.owner);
      if (step === undefined) unchanged++;
      else steps.push(step);
    }
  }
  const created = [...missing.values()].map(
    (client): Step => ({ kind: "create", client: owned(client, desired.owner) }),
  );
  return { steps: [...created, ...steps], unchanged };
}

/** A client with the labels that mark it as applied. */
const owned = (client: DesiredClient, owner: string): DesiredClient => ({
  ...client,
  labels: { ...client.labels, [ownerLabel]: owner, [appliedLabel]: fingerprint(client) },
});

const fingerprint = (client: DesiredClient): string =>
  createHash("sha256")
    .update(JSON.stringify(Object.entries(client).sort(([a], [b]) => a.localeCompare(b, "en"))))
    .digest("hex")
    .slice(0, 16);

function compare(wanted: DesiredClient, client: Client, owner: string): Step | undefined {
  const { client_id: clientId, workspace: _, ...settings } = owned(wanted, owner);
  const labels = { ...Object.fromEntries(Object.keys(client.labels).map((name) => [name, null])), ...settings.labels };
  const whole: ClientChange = { ...unset, ...settings, labels };
  const differences = Object.entries(whole).flatMap(([member, value]): Difference[] => {
    const is = shown(member, Reflect.get(client, member));
    const shouldBe = shown(member, value ?? Reflect.get(defaults, member));
    return member === "status" && value === null ? [] : is === shouldBe ? [] : [{ member, is, shouldBe }];
  });
  if (differences.length === 0) return undefined;
  const sameFile = client.labels[appliedLabel] === fingerprint(wanted);
  return { kind: sameFile ? "drift" : "change", clientId, change: whole, differences };
}

/** A file says all of a client: what it leaves out is as if it had never been set. */
const unset: ClientChange = {
  client_name: null,
  username: null,
  scope: null,
  scope_policy: null,
  status: null,
  expires_at: null,
  ip_allowlist: null,
  token_endpoint_auth_method: null,
  access_token_ttl: null,
  audience: null,
};

const defaults = { scope: "", scope_policy: "narrow", status: "active", ip_allowlist: [], labels: {} };

/** A value in one spelling, so that the same is the same. */
function shown(member: string, value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (member === "expires_at" && typeof value === "string") return new Date(value).toISOString();
  if (member === "labels" && typeof value === "object") {
    const labels = Object.entries(value).filter(([name, label]) => label !== null && name !== appliedLabel);
    return (
      labels
        .map(([name, label]) => `${name}=${label}`)
        .sort()
        .join(" ") || "-"
    );
  }
  if (member === "ip_allowlist" && Array.isArray(value)) return value.map(wholeBlock).join(" ") || "-";
  return String(value) || "-";
}

const wholeBlock = (block: string): string =>
  block.includes("/") ? block : `${block}/${block.includes(":") ? 128 : 32}`;
