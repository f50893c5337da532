import { err, ok, type Result } from "@carnet/protocol/result";
import { parseAddress } from "../client/cidr.ts";
import { type ClientIneligibility, ineligibility } from "../client/client.ts";
import type { ClientDirectory, FoundSecret } from "../client/client-directory.ts";
import { type SecretState, secretStateAt } from "../client/client-secret.ts";
import type { PepperedDigest } from "../client/secret-hasher.ts";
import type { SecretMoves } from "../client/secret-moves.ts";
import type { SecretUses } from "../client/secret-uses.ts";
import type { ProvenSecret } from "../client/token-client.ts";
import type { Refusal } from "../refusal.ts";
import { claimedIdOf, findMistake, type MistakePorts } from "./credentials-mistake.ts";
import type { PresentedCredentials } from "./read-credentials.ts";
import { factsOfHolder } from "./refusal-facts.ts";
import type { CredentialsMistake, RefusalReason } from "./refusal-reason.ts";

export interface AuthenticationPorts extends MistakePorts {
  readonly directory: ClientDirectory;
  readonly uses: SecretUses;
  readonly moves: Pick<SecretMoves, "note">;
}

/**
 * Identifies the calling client by the digest of its id and secret. Refuses with `invalidClient`. An unknown client and
 * a wrong secret are the same miss: for each reading and pepper one hash, one lookup in memory and one index probe in the
 * store, and at most one more hash and probe to find a mistake, whatever the store contains. Does not check scopes.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 */
export async function authenticateClient(
  presented: PresentedCredentials,
  from: { readonly address: string; readonly now: number },
  ports: AuthenticationPorts,
): Promise<Result<ProvenSecret, Refusal>> {
  // RFC 6749 §5.2. Many libraries report a challenge instead of the error, so a client that does not use Basic gets none
  const challenged = !presented.inBody;
  const { flaw } = presented;
  if (flaw !== undefined) {
    const claimedClientId = claimedIdOf(flaw.clientId);
    return err({ ...invalidClient(flaw.reason, flaw.detail), claimedClientId, challenged });
  }
  const { directory, hasher } = ports;
  const readings = presented.readings.map((reading) => hasher.digests(reading.clientId, reading.clientSecret.reveal()));
  const isFavourable = (proven: ProvenSecret): boolean => reasonAgainst(proven, from, ports) === undefined;
  for (const digests of readings) {
    const found = peekEach(digests, directory).find(({ proven }) => proven !== undefined && isFavourable(proven));
    if (found?.proven !== undefined) return accept(found.proven, { ...found, digests, now: from.now }, ports);
  }
  // Memory may be stale, so ask the store before refusing anyone
  let refusal: Refusal | undefined;
  for (const digests of readings) {
    for (const { under, proven } of await directory.readOrRecall(digests, isFavourable)) {
      if (proven === undefined) continue;
      const reason = reasonAgainst(proven, from, ports);
      if (reason === undefined) return accept(proven, { under, digests, now: from.now }, ports);
      const { client, secret } = proven;
      const facts = factsOfHolder(reason, proven, ports.uses.lastOf(secret));
      const proof = { clientId: client.clientId, secretId: secret.secretId };
      refusal = { ...invalidClient(reason, details[reason]), ...proof, facts };
    }
  }
  // Other nodes may use a pepper that this one does not know yet. The same for every miss, so its time tells nothing
  if (refusal === undefined && (await hasher.catchUp())) return authenticateClient(presented, from, ports);
  if (refusal === undefined) {
    const mistake = await findMistake(presented.readings, ports);
    const facts = { ...mistake.facts, used_method: presented.method };
    refusal = { ...invalidClient(mistake.reason, mistakes[mistake.reason]), ...mistake, facts };
  }
  return err({ ...refusal, challenged });
}

/** Looks under every pepper, even after a hit. */
const peekEach = (digests: readonly PepperedDigest[], directory: ClientDirectory): readonly FoundSecret[] =>
  digests.map((under) => ({ under, proven: directory.peek(under.digest) }));

/** Has a secret move that was found under an older pepper. */
async function accept(
  proven: ProvenSecret,
  {
    under,
    digests,
    now,
  }: { readonly digests: readonly PepperedDigest[]; readonly now: number } & Pick<FoundSecret, "under">,
  { hasher, moves }: Pick<AuthenticationPorts, "hasher" | "moves">,
): Promise<Result<ProvenSecret, Refusal>> {
  if (digests.length === 1) return ok(proven);
  const current = digests.find(({ pepper }) => pepper === hasher.current);
  if (current === undefined || digests.indexOf(under) >= digests.indexOf(current)) return ok(proven);
  const { client, secret } = proven;
  await moves.note({ secretId: secret.secretId, clientId: client.clientId, from: under, to: current }, now);
  return ok(proven);
}

type Reason = `secret_${Exclude<SecretState, "active">}` | ClientIneligibility;

/** Why a secret that was found does not authenticate its client now, or undefined if it does. */
function reasonAgainst(
  { client, secret }: ProvenSecret,
  { address, now }: { readonly address: string; readonly now: number },
  { uses }: Pick<AuthenticationPorts, "uses">,
): Reason | undefined {
  const state = secretStateAt(secret, now, uses.lastOf(secret));
  return state === "active" ? ineligibility(client, now, parseAddress(address)) : `secret_${state}`;
}

const details: Readonly<Record<Reason, string>> = {
  secret_pending: "the secret is not valid yet",
  secret_expired: "the secret has expired",
  secret_idle: "the secret has ended: it was idle for longer than its rotation allows",
  secret_revoked: "the secret was revoked",
  secret_unsupported: "the secret was stored under a slow hash, which this version does not check: rotate it",
  client_disabled: "the secret is right, but the client is disabled",
  client_expired: "the secret is right, but the client has expired",
  address_not_allowed: "the secret is right, but the address is not in the client's ip_allowlist",
};

const mistakes: Readonly<Record<CredentialsMistake, string>> = {
  credentials_encoded_twice: "the credentials are right once they are percent-decoded one more time",
  credentials_padded: "the credentials are right without the white space or the quotes around them",
  id_and_secret_swapped: "the client id and the secret are right, but each is in the place of the other",
  secret_mistyped: "the secret has the form of a generated one, but its checksum is wrong",
  secret_incomplete: "the secret starts like a generated one, but does not have its length or its characters",
  unknown_credentials: "no client has this id and secret",
};

/** RFC 6749 §5.2. One description for every reason, so a stranger learns nothing; the log has the reason. */
const invalidClient = (reason: RefusalReason, detail: string): Refusal => ({
  kind: "invalidClient",
  description:
    "client authentication failed: check the client id and secret, that the client is enabled, that neither has expired, and " +
    "that it may call from this address; the service's operator finds the reason under the X-Request-ID of this answer",
  reason,
  detail,
});
