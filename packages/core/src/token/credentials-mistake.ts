import type { ClientCredentials } from "@carnet/protocol/basic-credentials";
import { checksumOf, generatedSecretPrefix } from "@carnet/protocol/client-secret";
import { decodeFormPart } from "@carnet/protocol/form";
import { type ClientId, parseClientId } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import type { RefusalFacts } from "../audit/event.ts";
import type { ClientStore } from "../client/client-store.ts";
import type { SecretHasher } from "../client/secret-hasher.ts";
import { ownCopy } from "../own-copy.ts";
import type { CredentialsMistake } from "./refusal-reason.ts";

export interface MistakePorts {
  readonly store: Pick<ClientStore, "identify">;
  readonly hasher: SecretHasher;
}

/** What is wrong with credentials that match no client, for the operator. */
export interface FoundMistake {
  readonly reason: CredentialsMistake;
  readonly facts: RefusalFacts;
  /** undefined: what was sent cannot be a client id. */
  readonly claimedClientId: Redacted<ClientId> | undefined;
}

/**
 * Looks for a mistake that callers often make. How often it asks the store, at most once for each reading and pepper,
 * depends only on the form of the credentials. A hit takes some microseconds longer, but it needs the right secret. What it finds
 * authenticates nobody.
 */
export async function findMistake(
  readings: readonly ClientCredentials[],
  { store, hasher }: MistakePorts,
): Promise<FoundMistake> {
  const [first] = readings;
  const claimedClientId = claimedIdOf(first?.clientId);
  // Also when a mistake is found below, so that this takes the same time
  let mistake: FoundMistake = { ...formOf(first?.clientSecret.reveal() ?? ""), claimedClientId };
  for (const { reason, credentials } of repairsOf(readings)) {
    for (const { digest } of hasher.digests(credentials.clientId, credentials.clientSecret.reveal())) {
      const found = await store.identify(digest);
      if (found === undefined) continue;
      const facts = { client_id: found.clientId, secret_id: found.secretId };
      mistake = { reason, facts, claimedClientId: new Redacted(found.clientId) };
    }
  }
  return mistake;
}

/** A client id that was sent without proof. undefined: it cannot be one. */
export function claimedIdOf(sent: string | undefined): Redacted<ClientId> | undefined {
  const claimed = parseClientId(ownCopy(sent?.slice(0, 256) ?? "")); // longer than any client id
  return claimed.ok ? new Redacted(claimed.value) : undefined;
}

/** Damage that the secret shows by itself. */
function formOf(sent: string): Pick<FoundMistake, "reason" | "facts"> {
  const secret = bare(sent);
  const checksum = checksumOf(secret);
  if (checksum === "wrong") return { reason: "secret_mistyped", facts: {} };
  if (checksum === "right") return { reason: "unknown_credentials", facts: { secret_form: "generated" } };
  const reason = secret.startsWith(generatedSecretPrefix) ? "secret_incomplete" : "unknown_credentials";
  return { reason, facts: {} };
}

interface Repair {
  readonly reason: CredentialsMistake;
  readonly credentials: ClientCredentials;
}

/** At most one for each reading, and none that was tried already because it is itself a reading. */
function repairsOf(readings: readonly ClientCredentials[]): readonly Repair[] {
  const isTried = ({ clientId, clientSecret }: ClientCredentials): boolean =>
    readings.some((one) => one.clientId === clientId && one.clientSecret.reveal() === clientSecret.reveal());
  return readings.flatMap((reading) => {
    const all = repairs.map(({ reason, apply }) => ({ reason, credentials: apply(reading) }));
    return all.filter(({ credentials }) => !isTried(credentials)).slice(0, 1);
  });
}

/** Each undoes one mistake, and returns credentials without it as they are. */
const repairs: readonly {
  readonly reason: CredentialsMistake;
  apply(presented: ClientCredentials): ClientCredentials;
}[] = [
  { reason: "credentials_encoded_twice", apply: decodedOnceMore },
  { reason: "credentials_padded", apply: withoutPadding },
  { reason: "id_and_secret_swapped", apply: swapped },
];

function decodedOnceMore(presented: ClientCredentials): ClientCredentials {
  const { clientId, clientSecret } = presented;
  if (!/%[\da-f]{2}/i.test(clientId + clientSecret.reveal())) return presented;
  return eachHalf(presented, (half) => decodeFormPart(half) ?? half);
}

/** White space comes from a line end in a file, and quotes from an env file or a shell that did not remove them. */
function withoutPadding(presented: ClientCredentials): ClientCredentials {
  return eachHalf(presented, bare);
}

function bare(half: string): string {
  const trimmed = half.trim();
  const quote = /^["'`]/.exec(trimmed)?.[0];
  return quote !== undefined && trimmed.length > 1 && trimmed.endsWith(quote) ? trimmed.slice(1, -1) : trimmed;
}

/** Secrets have at least 20 characters. A generated secret in the right field means that nothing was swapped. */
function swapped(presented: ClientCredentials): ClientCredentials {
  const { clientId, clientSecret } = presented;
  const secret = clientSecret.reveal();
  if (clientId.length < 20 || secret.startsWith(generatedSecretPrefix)) return presented;
  return { clientId: secret, clientSecret: new Redacted(clientId) };
}

const eachHalf = (
  { clientId, clientSecret }: ClientCredentials,
  repair: (half: string) => string,
): ClientCredentials => ({ clientId: repair(clientId), clientSecret: new Redacted(repair(clientSecret.reveal())) });
