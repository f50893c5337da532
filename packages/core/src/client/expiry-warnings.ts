import type { SecretId } from "@carnet/protocol/ids";
import type { Client } from "./client.ts";
import { type ClientSecret, isLive, secretStateAt } from "./client-secret.ts";
import type { TokenClient } from "./token-client.ts";

/** How many days before an end it is warned of, each time more urgently. */
export const warningDays = [90, 60, 30, 14, 7, 1] as const;

/** Something of a client that will end soon. */
export interface ExpiryWarning {
  readonly what: "client" | "secret";
  /** null for the client itself. */
  readonly secretId: SecretId | null;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
  /** The smallest of `warningDays` that the end is not further away than; 0 for a client that has ended. */
  readonly withinDays: (typeof warningDays)[number] | 0;
}

const day = 86_400_000;

/** What ends soon of a client: itself, and each live secret with an end. */
export const warningsOf = (client: Client, now: number): readonly ExpiryWarning[] => [
  ...warningFor("client", null, { endsAt: client.expiresAt, now }),
  ...client.secrets
    .filter((secret) => isLive(secretStateAt(secret, now, secret.lastUse)))
    .flatMap((secret) => secretWarning(secret, now)),
];

/** What ends soon for who has just proven one secret of a client. */
export const warningsFor = (client: TokenClient, secretId: SecretId, now: number): readonly ExpiryWarning[] => {
  if (client.expiresAt === null && client.secrets.every((secret) => secret.expiresAt === null)) return none;
  // Whoever holds the secret has just used it: it is live, whatever last use this copy of the client knows of
  return [
    ...warningFor("client", null, { endsAt: client.expiresAt, now }),
    ...client.secrets.filter((secret) => secret.secretId === secretId).flatMap((secret) => secretWarning(secret, now)),
  ];
};

const none: readonly ExpiryWarning[] = [];

const secretWarning = (secret: Pick<ClientSecret, "secretId" | "expiresAt">, now: number): readonly ExpiryWarning[] =>
  warningFor("secret", secret.secretId, { endsAt: secret.expiresAt, now });

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
