import { formatGeneratedSecret } from "@carnet/protocol/client-secret";
import type { ClientId } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { FieldProblem } from "../admin-problem.ts";
import type { RandomSource } from "../ports.ts";
import type { ClientSecret } from "./client-secret.ts";
import { drawHandle, drawSecret, drawSecretId } from "./draw.ts";
import { futureInstant, instant, label } from "./fields.ts";
import type { PepperedDigest, SecretHasher } from "./secret-hasher.ts";

/** A new secret, as an operator describes it. */
export interface NewSecretInput {
  readonly label?: string | null | undefined;
  readonly not_before?: string | null | undefined;
  readonly expires_at?: string | null | undefined;
  /** An existing secret to import. Absent: generate one. */
  readonly value?: Redacted<string> | undefined;
}

export interface MadeSecret {
  readonly kept: ClientSecret;
  /** Under every pepper: what the same secret can be stored under. */
  readonly digests: readonly PepperedDigest[];
  /** Shown once, and stored only in an idempotency record. Absent for an imported secret. */
  readonly shown: Redacted<string> | undefined;
}

export interface MakeSecretPorts {
  readonly random: RandomSource;
  readonly hasher: SecretHasher;
}

/** The shortest imported secret, in characters. Shorter ones could be guessed. */
const shortestSecret = 20;
const longestSecret = 1024;

/** A new secret whose fields were checked. */
export interface SecretPlan extends Pick<ClientSecret, "label" | "notBefore" | "expiresAt"> {
  /** Absent: generate one. */
  readonly existing: Redacted<string> | undefined;
}

/** Checks what an operator wrote. Refuses with all invalid fields. */
export function planSecret(input: NewSecretInput, now: number): Result<SecretPlan, readonly FieldProblem[]> {
  const problems: FieldProblem[] = [];
  const read = <Value>(
    pointer: string,
    given: string | null | undefined,
    parse: (text: string) => Result<Value, string>,
  ) => {
    const value = given == null ? ok(null) : parse(given);
    if (value.ok) return value.value;
    problems.push({ pointer, detail: value.error });
    return null;
  };
  const plan: SecretPlan = {
    label: read("/label", input.label, label),
    notBefore: read("/not_before", input.not_before, instant),
    expiresAt: read("/expires_at", input.expires_at, (text) => futureInstant(text, now)),
    existing: input.value,
  };
  if (plan.notBefore !== null && plan.expiresAt !== null && plan.expiresAt <= plan.notBefore) {
    problems.push({ pointer: "/expires_at", detail: "must be later than not_before" });
  }
  const detail = input.value && importProblem(input.value.reveal());
  if (detail !== undefined) problems.push({ pointer: "/value", detail });
  return problems.length === 0 ? ok(plan) : err(problems);
}

function importProblem(value: string): string | undefined {
  if (value.length > longestSecret) return `must have at most ${longestSecret} characters`;
  if (!value.isWellFormed() || /\p{Cc}/u.test(value)) return "must be text without control characters";
  if ([...value].length >= shortestSecret) return undefined;
  return (
    `must have at least ${shortestSecret} characters, because a shorter one can be guessed: leave it out to get a ` +
    "generated secret for the caller, or rotate it where it is used today and import the new one"
  );
}

/** Makes a secret for a client: generated, or imported. Stores nothing. Rejects if the peppers are unknown. */
export async function makeSecret(
  { existing, ...plan }: SecretPlan,
  { clientId, now }: { readonly clientId: ClientId; readonly now: number },
  { random, hasher }: MakeSecretPorts,
): Promise<MadeSecret> {
  await hasher.catchUp(); // a pepper that this process takes for the current one may have ended
  const secretId = drawSecretId(random);
  const value = existing?.reveal() ?? formatGeneratedSecret(secretId, drawSecret(random));
  const { digest, pepper } = hasher.digest(clientId, value);
  const kept: ClientSecret = {
    ...plan,
    secretId,
    handle: drawHandle(random),
    kind: existing === undefined ? "generated" : "imported",
    ...{ digest, pepper, mustBeUsedBy: null },
    createdAt: now,
    idle: null,
    revokedAt: null,
    lastUse: null,
  };
  return {
    kept,
    digests: hasher.digests(clientId, value),
    shown: existing === undefined ? new Redacted(value) : undefined,
  };
}
