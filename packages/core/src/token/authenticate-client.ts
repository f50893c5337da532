import type { ClientCredentials } from "@carnet/protocol/basic-credentials";
import { type Address, parseAddress } from "@carnet/protocol/cidr";
import { isMistypedSecret, secretIdOf } from "@carnet/protocol/client-secret";
import { type ClientId, parseClientId, type SecretId } from "@carnet/protocol/ids";
import type { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { BoundedCache } from "../bounded-cache.ts";
import { type ClientHindrance, hindranceOf } from "../client/client.ts";
import type { ClientDirectory } from "../client/client-directory.ts";
import { type SecretState, secretStateAt } from "../client/client-secret.ts";
import type { ClientLookup } from "../client/client-store.ts";
import { decoyClient } from "../client/decoy-client.ts";
import type { SecretHasher } from "../client/secret-hasher.ts";
import type { SecretUses } from "../client/secret-uses.ts";
import type { TokenClient, TokenSecret } from "../client/token-client.ts";
import type { Refusal } from "../refusal.ts";
import type { PresentedCredentials } from "./parse-token-request.ts";

/** A client that has proven a secret and may act now. */
export interface AuthenticatedClient {
  readonly client: TokenClient;
  readonly secretId: SecretId;
}

export interface AuthenticationPorts {
  readonly directory: ClientDirectory;
  readonly hasher: SecretHasher;
  readonly uses: SecretUses;
  /** The fast digests of slow-hashed secrets that were proven since the start. */
  readonly provenSecrets: BoundedCache<SecretId, Uint8Array>;
}

/**
 * Finds out which client is calling. Refuses with `invalidClient`, or with `unavailable` where too many slow checks
 * wait. An honest caller costs one fast hash and, once its client is in memory, no reading of the store.
 *
 * Every refusal takes the same work, whatever its reason: per reading of the credentials one fast hash, one look in
 * memory, one reading of the store (which also means that nobody is refused on what has gone stale in memory) and, if
 * anybody's secret is slow-hashed, one slow hash. Does not look at the scope or at what the client may do.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 */
export async function authenticateClient(
  presented: PresentedCredentials,
  from: { readonly address: string; readonly now: number },
  ports: AuthenticationPorts,
): Promise<Result<AuthenticatedClient, Refusal>> {
  const circumstances = { address: parseAddress(from.address), now: from.now };
  const attempts = presented.readings.map((reading) => prepare(reading, ports.hasher));
  for (const attempt of attempts) {
    const inMemory = ports.directory.peek(attempt.clientId);
    const subject = inMemory === undefined ? nobody : { client: inMemory, known: true };
    const verdict = judge(subject, attempt, circumstances, ports);
    if (verdict.ok) return verdict;
  }
  let refusal: Refusal | undefined;
  for (const attempt of attempts) {
    const lookup = await ports.directory.read(attempt.clientId);
    const verdict = await judgeAnew(lookup, attempt, circumstances, ports);
    if (verdict.ok) return verdict;
    if (verdict.error === "busy") return err(tooManySlowChecks);
    refusal ??= describe(verdict.error, lookup, attempt, presented.flaw);
  }
  return err(refusal ?? invalidClient("no_credentials", "no credentials were sent"));
}

interface Attempt {
  readonly clientId: ClientId | undefined;
  readonly secret: Redacted<string>;
  readonly secretId: SecretId | undefined;
  /** Only a wrong secret's log line says so, but it is asked for each: the asking takes longer than all comparisons. */
  readonly mistyped: boolean;
  readonly digest: Uint8Array;
}

interface Circumstances {
  readonly address: Address | undefined;
  readonly now: number;
}

type Verdict = Result<AuthenticatedClient, Reason>;
type Reason = "wrong_secret" | `secret_${Exclude<SecretState, "active">}` | "busy" | ClientHindrance;

function prepare(reading: ClientCredentials, hasher: SecretHasher): Attempt {
  const clientId = parseClientId(reading.clientId);
  return {
    clientId: clientId.ok ? clientId.value : undefined,
    secret: reading.clientSecret,
    secretId: secretIdOf(reading.clientSecret.reveal()),
    mistyped: isMistypedSecret(reading.clientSecret.reveal()),
    digest: hasher.digest(reading.clientId, reading.clientSecret.reveal()),
  };
}

/** Who is judged: the client that was named, or another one in its place that can prove nothing. */
type Subject = { readonly client: TokenClient; readonly known: boolean };

const nobody: Subject = { client: decoyClient, known: false };

/** Judges by the fast hash: one comparison, however many secrets the client has. */
function judge(subject: Subject, attempt: Attempt, circumstances: Circumstances, ports: AuthenticationPorts): Verdict {
  const fastDigest = (secret: TokenSecret) =>
    secret.kind === "human" ? ports.provenSecrets.get(secret.secretId) : secret.digest;
  const candidate = subject.client.secrets.find((secret) =>
    secret.kind === "generated"
      ? secret.secretId === attempt.secretId
      : startsAlike(fastDigest(secret), attempt.digest),
  );
  // Where no secret is meant, one is compared nonetheless: to fetch a digest is as much work as to compare it
  const compared = candidate ?? subject.client.secrets[0];
  const expected = (compared && fastDigest(compared)) ?? noDigest;
  const proven = ports.hasher.equal(expected, attempt.digest);
  return conclude(subject, proven ? candidate : undefined, { ...circumstances, uses: ports.uses });
}

/** Judges by what the store says now, and by the slow hash as well if that is anybody's. */
async function judgeAnew(
  lookup: ClientLookup,
  attempt: Attempt,
  circumstances: Circumstances,
  ports: AuthenticationPorts,
): Promise<Verdict> {
  const verdict = judge(lookup, attempt, circumstances, ports);
  if (verdict.ok || !lookup.anySlowSecret) return verdict;
  const slow = lookup.client.secrets.filter((secret) => secret.kind === "human");
  const digest = await ports.hasher.slowDigest(attempt.secret.reveal(), slow[0]?.salt ?? decoySalt);
  if (!digest.ok) return digest;
  const candidate = slow.find((secret) => startsAlike(secret.digest, digest.value));
  const proven = ports.hasher.equal(candidate?.digest ?? noDigest, digest.value);
  if (candidate === undefined || !proven || !lookup.known) return verdict;
  ports.provenSecrets.set(candidate.secretId, attempt.digest);
  return conclude(lookup, candidate, { ...circumstances, uses: ports.uses });
}

function conclude(
  subject: Subject,
  matched: TokenSecret | undefined,
  { now, address, uses }: Circumstances & Pick<AuthenticationPorts, "uses">,
): Verdict {
  const proven = subject.known ? matched : undefined; // a stand-in's own secret proves nothing for whoever is not there
  // Without proof the decoy's hindrances are looked for: it must not take the longer, the more the client has
  const { client } = proven === undefined ? nobody : subject;
  const hindrance = hindranceOf(client, now, address);
  if (proven === undefined) return err("wrong_secret");
  const state = secretStateAt(proven, now, uses.lastOf(proven));
  if (state !== "active") return err(`secret_${state}` as const);
  return hindrance === undefined ? ok({ client, secretId: proven.secretId }) : err(hindrance);
}

const noDigest = new Uint8Array(32);
const decoySalt = new Uint8Array(16);

/** Picks out which of many secrets to compare with. The digests are keyed, so how soon they differ tells nothing. */
const startsAlike = (left: Uint8Array | undefined, right: Uint8Array): boolean =>
  left !== undefined && left[0] === right[0] && left[1] === right[1] && left[2] === right[2] && left[3] === right[3];

const details = {
  wrong_secret: "the secret is none of the client's",
  secret_pending: "the secret is right and is not valid yet",
  secret_expired: "the secret is right and has expired",
  secret_idle: "the secret is right and has ended, since it was not used for as long as its rotation allowed",
  secret_revoked: "the secret is right and was revoked",
  client_disabled: "the secret is right and the client is disabled",
  client_expired: "the secret is right and the client has expired",
  address_not_allowed: "the secret is right and the address is not in the client's ip_allowlist",
} as const;

function describe(
  reason: Exclude<Reason, "busy">,
  lookup: ClientLookup,
  attempt: Attempt,
  flaw: string | undefined,
): Refusal {
  if (flaw !== undefined) return invalidClient("no_credentials", flaw);
  if (!lookup.known) return invalidClient("unknown_client", "no client with this id is registered");
  const detail =
    attempt.mistyped && reason === "wrong_secret"
      ? "the secret was mistyped or cut short: its checksum does not fit"
      : details[reason];
  return { ...invalidClient(reason, detail), clientId: lookup.client.clientId };
}

/** RFC 6749 §5.2. One description for all reasons: a stranger learns nothing from it, an operator has the request id. */
const invalidClient = (reason: string, detail: string): Refusal => ({
  kind: "invalidClient",
  description:
    "client authentication failed: check the client id and secret, that the client is enabled, that neither has expired, and " +
    "that it may call from this address; the service's operator finds the reason under the X-Request-ID of this answer",
  reason,
  detail,
});

const tooManySlowChecks: Refusal = {
  kind: "unavailable",
  description: "the service is checking too many credentials at the moment: try again",
  reason: "slow_checks_busy",
  detail: "too many checks of slow-hashed secrets wait; generated secrets need none",
  retryAfter: 1,
};
