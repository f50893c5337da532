import { ok, type Result } from "@carnet/protocol/result";
import type { SecretHasher } from "../client/secret-hasher.ts";
import { type AdminProblem, problem } from "./admin-problem.ts";

/**
 * Repeated requests, by the `Idempotency-Key` that they share. The first answer is kept in the transaction of its
 * change, sealed so that only who sent the same key under the same client opens it, for a day.
 */
export interface KeptAnswer {
  /** Of the key and of who sent it; says nothing of either. */
  readonly keyDigest: Uint8Array;
  /** Of what was asked. */
  readonly requestDigest: Uint8Array;
  readonly sealed: Uint8Array;
}

/** How long an answer is kept for a request that comes again: a day, in milliseconds. */
export const answersKeptFor = 86_400_000;

export interface KeptAnswerStore {
  /** Finds none that is older than `answersKeptFor`. */
  findAnswer(keyDigest: Uint8Array): Promise<KeptAnswer | undefined>;
}

/** Encrypts under the master key. What is sealed opens under the same context only. */
export interface AnswerSealer {
  seal(plain: Uint8Array, context: string): Uint8Array;
  open(sealed: Uint8Array, context: string): Uint8Array | undefined;
}

export interface IdempotencyPorts {
  readonly answers: KeptAnswerStore;
  readonly answerSealer: AnswerSealer;
  readonly hasher: Pick<SecretHasher, "digest" | "equal">;
}

/** A request that may come again. */
export interface RepeatableRequest {
  readonly idempotencyKey: string;
  /** Who asks. */
  readonly clientId: string;
  /** What is asked: the operation, its target and its body. */
  readonly content: string;
}

/** What was answered before, or undefined where it was not. Refuses with `idempotency_key_reused`. */
export async function recallAnswer(
  request: RepeatableRequest,
  ports: IdempotencyPorts,
): Promise<Result<Uint8Array | undefined, AdminProblem>> {
  const kept = await ports.answers.findAnswer(keyDigestOf(request, ports));
  if (kept === undefined) return ok(undefined);
  if (!ports.hasher.equal(kept.requestDigest, requestDigestOf(request, ports))) {
    return problem(
      "idempotency_key_reused",
      "this Idempotency-Key came with another request before: use a new key for a new request",
    );
  }
  return ok(ports.answerSealer.open(kept.sealed, contextOf(request)));
}

/** An answer as it is kept. */
export const keepAnswer = (answer: Uint8Array, request: RepeatableRequest, ports: IdempotencyPorts): KeptAnswer => ({
  keyDigest: keyDigestOf(request, ports),
  requestDigest: requestDigestOf(request, ports),
  sealed: ports.answerSealer.seal(answer, contextOf(request)),
});

/** The same request was carried out in between: its answer can be recalled now. */
export const repeatedInBetween = problem("repeated", "the same request is being answered already: send it again");

const keyDigestOf = ({ clientId, idempotencyKey }: RepeatableRequest, { hasher }: IdempotencyPorts) =>
  hasher.digest(`idempotency-key/${clientId}`, idempotencyKey);

const requestDigestOf = ({ clientId, content }: RepeatableRequest, { hasher }: IdempotencyPorts) =>
  hasher.digest(`idempotent-request/${clientId}`, content);

const contextOf = ({ clientId, idempotencyKey }: RepeatableRequest): string => `answer/${clientId}/${idempotencyKey}`;
