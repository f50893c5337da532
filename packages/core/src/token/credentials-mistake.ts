import type { ClientCredentials } from "@carnet/protocol/basic-credentials";
import { generatedSecretPrefix, isGeneratedSecret, isMistypedSecret } from "@carnet/protocol/client-secret";
import { decodeFormPart } from "@carnet/protocol/form";
import { Redacted } from "@carnet/protocol/redacted";
import type { RefusalFacts } from "../audit/event.ts";
import type { ClientStore } from "../client/client-store.ts";
import type { SecretHasher } from "../client/secret-hasher.ts";
import type { CredentialsMistake } from "./refusal-reason.ts";

export interface MistakePorts {
  readonly store: Pick<ClientStore, "identify">;
  readonly hasher: SecretHasher;
}

/** What is wrong with credentials that match no client, for the operator. */
export interface FoundMistake {
  readonly reason: CredentialsMistake;
  readonly facts: RefusalFacts;
  readonly claimedClientId: Redacted<string>;
}

/**
 * Looks for a mistake that callers often make, in the first reading of their credentials. Whether it asks the store once more depends only on the form of the
 * credentials, and a hit costs as much as a miss. What it finds authenticates nobody.
 */
export async function findMistake(
  [presented]: readonly ClientCredentials[],
  { store, hasher }: MistakePorts,
): Promise<FoundMistake> {
  const claimedClientId = new Redacted(presented?.clientId ?? "");
  const repair = presented && firstRepair(presented);
  if (repair !== undefined) {
    const { clientId, clientSecret } = repair.credentials;
    const found = await store.identify(hasher.digest(clientId, clientSecret.reveal()));
    if (found !== undefined) {
      const facts = { client_id: found.clientId, secret_id: found.secretId };
      return { reason: repair.reason, facts, claimedClientId: new Redacted(found.clientId) };
    }
  }
  return { ...formOf(presented?.clientSecret.reveal() ?? ""), claimedClientId };
}

/** Damage that the secret shows by itself. */
function formOf(secret: string): Pick<FoundMistake, "reason" | "facts"> {
  if (isMistypedSecret(secret)) return { reason: "secret_mistyped", facts: {} };
  if (isGeneratedSecret(secret)) return { reason: "unknown_credentials", facts: { secret_form: "generated" } };
  const reason = secret.startsWith(generatedSecretPrefix) ? "secret_incomplete" : "unknown_credentials";
  return { reason, facts: {} };
}

interface Repair {
  readonly reason: CredentialsMistake;
  readonly credentials: ClientCredentials;
}

function firstRepair(presented: ClientCredentials): Repair | undefined {
  for (const { reason, apply } of repairs) {
    const credentials = apply(presented);
    if (credentials !== undefined) return { reason, credentials };
  }
  return undefined;
}

/** Each undoes one mistake, if the credentials have its form. */
const repairs: readonly {
  readonly reason: CredentialsMistake;
  apply(presented: ClientCredentials): ClientCredentials | undefined;
}[] = [
  { reason: "credentials_encoded_twice", apply: (presented) => changedBy(presented, decodedOnceMore) },
  { reason: "credentials_padded", apply: (presented) => changedBy(presented, withoutPadding) },
  { reason: "id_and_secret_swapped", apply: swapped },
];

function changedBy(
  { clientId, clientSecret }: ClientCredentials,
  change: (text: string) => string,
): ClientCredentials | undefined {
  const secret = clientSecret.reveal();
  const changed = { clientId: change(clientId), secret: change(secret) };
  if (changed.clientId === clientId && changed.secret === secret) return undefined;
  return { clientId: changed.clientId, clientSecret: new Redacted(changed.secret) };
}

const decodedOnceMore = (text: string): string => (/%[\da-f]{2}/i.test(text) ? (decodeFormPart(text) ?? text) : text);

/** From a line end in a file, or quotes that a shell or an env file did not remove. */
const withoutPadding = (text: string): string => {
  const trimmed = text.trim();
  const quote = /^["'`]/.exec(trimmed)?.[0];
  return quote !== undefined && trimmed.length > 1 && trimmed.endsWith(quote) ? trimmed.slice(1, -1) : trimmed;
};

/** Secrets have at least 20 characters, and nearly always more than the client id. */
function swapped({ clientId, clientSecret }: ClientCredentials): ClientCredentials | undefined {
  const secret = clientSecret.reveal();
  if (clientId.length < 20 || clientId.length <= secret.length) return undefined;
  return { clientId: secret, clientSecret: new Redacted(clientId) };
}
