import type { SecretId } from "@carnet/protocol/ids";
import type { Client } from "./client.ts";
import { type ClientSecret, fixedEndOf, isLive, secretStateAt } from "./client-secret.ts";
import type { ProvenSecret } from "./token-client.ts";

/** Days before an end at which the warning begins and then gets more urgent. */
export const warningDays = [90, 60, 30, 14, 7, 1] as const;

/** A client or a secret that ends soon. */
export interface ExpiryWarning {
  readonly what: "client" | "secret";
  /** null for the client itself. */
  readonly secretId: SecretId | null;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
  /** The smallest of `warningDays` within which it ends; 0 for a client that has ended. */
  readonly withinDays: (typeof warningDays)[number] | 0;
}

const day = 86_400_000;

/** Warnings about a client itself and about each of its live secrets. */
export const warningsOf = (client: Client, now: number): readonly ExpiryWarning[] => [
  ...warningFor("client", null, { endsAt: client.expiresAt, now }),
  ...client.secrets
    .filter((secret) => isLive(secretStateAt(secret, now, secret.lastUse)))
    .flatMap((secret) => secretWarning(secret, now)),
];

/** Warnings for a caller that has just used a secret: about its client and that secret, which needs no other pepper now. */
export const warningsFor = ({ client, secret }: ProvenSecret, now: number): readonly ExpiryWarning[] => {
  if (client.expiresAt === null && secret.expiresAt === null) return none;
  const { secretId, expiresAt } = secret;
  return [
    ...warningFor("client", null, { endsAt: client.expiresAt, now }),
    ...secretWarning({ secretId, expiresAt }, now),
  ];
};

const none: readonly ExpiryWarning[] = [];

const secretWarning = (
  secret: Pick<ClientSecret, "secretId" | "expiresAt"> & Partial<Pick<ClientSecret, "mustBeUsedBy">>,
  now: number,
): readonly ExpiryWarning[] => warningFor("secret", secret.secretId, { endsAt: fixedEndOf(secret), now });

function warningFor(
  what: ExpiryWarning["what"],
  secretId: SecretId | null,
  { endsAt, now }: { endsAt: number | null; now: number },
): readonly ExpiryWarning[] {
  if (endsAt === null) return none;
  if (endsAt <= now) return what === "client" ? [{ what, secretId, endsAt, withinDays: 0 }] : none;
  const withinDays = warningDays.findLast((days) => endsAt - now <= days * day);
  return withinDays === undefined ? none : [{ what, secretId, endsAt, withinDays }];
}
