import { formatGeneratedSecret, generatedSecretRandom } from "@carnet/protocol/client-secret";
import { type ClientId, parseSecretId, type SecretId, secretIdAlphabet } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, type FieldProblem, problem } from "../admin/admin-problem.ts";
import type { RandomSource } from "../ports.ts";
import type { ClientSecret } from "./client-secret.ts";
import { futureInstant, instant, label } from "./fields.ts";
import type { SecretHasher } from "./secret-hasher.ts";

/** A secret to be, as an operator writes it. */
export interface NewSecretInput {
  readonly label?: string | null | undefined;
  readonly not_before?: string | null | undefined;
  readonly expires_at?: string | null | undefined;
  /** An existing secret to bring along. Without it one is generated. */
  readonly value?: Redacted<string> | undefined;
  /** Whether a person made the existing secret up. One under 20 characters always counts so. */
  readonly human?: boolean | undefined;
}

export interface MadeSecret {
  readonly kept: ClientSecret;
  /** To be shown once: it is kept nowhere. Absent where an existing one was brought along. */
  readonly shown: Redacted<string> | undefined;
}

export interface MakeSecretPorts {
  readonly random: RandomSource;
  readonly hasher: SecretHasher;
}

/** The shortest imported secret that is taken for random, in characters. */
const shortestRandomSecret = 20;

/** A secret to be, read and found right. */
export interface SecretPlan extends Pick<ClientSecret, "label" | "notBefore" | "expiresAt"> {
  /** Absent: one is generated. */
  readonly existing: { readonly value: Redacted<string>; readonly human: boolean } | undefined;
}

/** Reads what an operator writes. Returns every field that is wrong, and hashes nothing. */
export function planSecret(input: NewSecretInput, now: number): Result<SecretPlan, readonly FieldProblem[]> {
  const problems: FieldProblem[] = [];
  const read = <Value>(
    pointer: string,
    given: string | null | undefined,
    by: (text: string) => Result<Value, string>,
  ) => {
    const value = given == null ? ok(null) : by(given);
    if (value.ok) return value.value;
    problems.push({ pointer, detail: value.error });
    return null;
  };
  const { value, human = false } = input;
  const plan: SecretPlan = {
    label: read("/label", input.label, label),
    notBefore: read("/not_before", input.not_before, instant),
    expiresAt: read("/expires_at", input.expires_at, (text) => futureInstant(text, now)),
    existing: value && { value, human: human || [...value.reveal()].length < shortestRandomSecret },
  };
  if (plan.notBefore !== null && plan.expiresAt !== null && plan.expiresAt <= plan.notBefore) {
    problems.push({ pointer: "/expires_at", detail: "must be later than not_before" });
  }
  const wrong = value === undefined ? undefined : faultOf(value.reveal());
  if (wrong !== undefined) problems.push({ pointer: "/value", detail: wrong });
  if (human && value === undefined) {
    problems.push({ pointer: "/human", detail: "says how to keep an existing secret, and none was given" });
  }
  return problems.length === 0 ? ok(plan) : err(problems);
}

/**
 * Makes a secret for a client: generated, or brought along. All slow-hashed secrets of a client share a salt, so that
 * to check one costs one slow hash however many there are. Refuses with `unavailable`. Keeps nothing.
 */
export async function makeSecret(
  { existing, ...plan }: SecretPlan,
  owner: { readonly clientId: ClientId; readonly slowSalt: Uint8Array | undefined; readonly now: number },
  { random, hasher }: MakeSecretPorts,
): Promise<Result<MadeSecret, AdminProblem>> {
  const secretId = drawSecretId(random);
  const terms = { ...plan, secretId, createdAt: owner.now, idle: null, revokedAt: null, lastUse: null };
  if (existing === undefined) {
    const shown = formatGeneratedSecret(secretId, draw(generatedSecretRandom, random));
    const digest = hasher.digest(owner.clientId, shown);
    const kept: ClientSecret = { ...terms, kind: "generated", prefix: `carnet_${secretId}_`, digest, salt: noSalt };
    return ok({ kept, shown: new Redacted(shown) });
  }
  const value = existing.value.reveal();
  if (!existing.human) {
    const prefix = [...value].slice(0, 4).join("");
    const digest = hasher.digest(owner.clientId, value);
    return ok({ kept: { ...terms, kind: "imported", prefix, digest, salt: noSalt }, shown: undefined });
  }
  const salt = owner.slowSalt ?? random.bytes(16);
  const digest = await hasher.slowDigest(value, salt);
  if (!digest.ok) return problem("unavailable", "too many slow checks of secrets are waiting: try again");
  return ok({ kept: { ...terms, kind: "human", prefix: "", digest: digest.value, salt }, shown: undefined });
}

function faultOf(value: string): string | undefined {
  if (value === "" || value.length > 1024) return "must have 1 to 1024 characters";
  return value.isWellFormed() && !/\p{Cc}/u.test(value) ? undefined : "must be text without control characters";
}

const noSalt = new Uint8Array(0);

function drawSecretId(random: RandomSource): SecretId {
  const id = parseSecretId(draw({ alphabet: secretIdAlphabet, length: 16 }, random));
  if (!id.ok) throw new Error(id.error);
  return id.value;
}

/** Draws characters evenly: a byte that would favour some of them is drawn again. */
function draw({ alphabet, length }: { alphabet: string; length: number }, random: RandomSource): string {
  const limit = 256 - (256 % alphabet.length);
  let drawn = "";
  while (drawn.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < limit && drawn.length < length) drawn += alphabet.charAt(byte % alphabet.length);
    }
  }
  return drawn;
}
