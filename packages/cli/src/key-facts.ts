import type { SigningKey, SigningKeyChange, SigningKeyRevocation } from "@carnet/protocol/admin/keys";
import { formatTable } from "./table.ts";

/** Signing keys in the words of the command line. */

export const formatKeys = (keys: readonly SigningKey[]): string =>
  formatTable(
    ["KEY", "ALGORITHM", "STATE", "SIGNS FROM", "REPLACED FROM", "PUBLISHED UNTIL", "AGE"],
    keys.map((key) => [
      ...[key.kid, key.algorithm, key.state, key.active_from],
      ...[key.replaced_from ?? "-", publishedUntil(key), ageOf(key)],
    ]),
  );

const publishedUntil = ({ state, published_until: until }: SigningKey): string =>
  state === "revoked" ? "(not published)" : (until ?? "-");

function ageOf({ age }: SigningKey): string {
  if (age < 3600) return `${Math.floor(age / 60)}m`;
  return age < 2 * 86_400 ? `${Math.floor(age / 3600)}h` : `${Math.floor(age / 86_400)}d`;
}

/** What a new key does. */
export function describeNew({ key }: SigningKeyChange, did: string): string {
  if (key.state === "active") return `${did} ${key.kid} (${key.algorithm}), which signs now.`;
  return `${did} ${key.kid} (${key.algorithm}). It is published now and signs from ${key.active_from}.`;
}

export function describeRetired({ key, successor }: SigningKeyChange): string {
  const follows = successor === null ? "" : ` The key ${successor.kid} signs now.`;
  const until = key.published_until === null ? "" : ` It is published until ${key.published_until}.`;
  return `Retired the key ${key.kid}.${follows} Its tokens stay valid.${until}`;
}

export function describeRevoked(revocation: SigningKeyRevocation): string {
  const { key, successor, nodes_refuse_from: nodes, guards_refuse_from: guards } = revocation;
  const follows =
    successor === null ? "" : ` The key ${successor.kid} signs in its place, on every node from ${nodes}.`;
  return `Revoked the key ${key.kid}.${follows} Its tokens are refused by every process of the service from ${nodes}, by APIs with @carnet/guard from ${guards}, and by others from ${revocation.others_refuse_from}.`;
}
