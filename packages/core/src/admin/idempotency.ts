import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, problem } from "../admin-problem.ts";
import { type SecretHasher, sameDigest } from "../client/secret-hasher.ts";
import type { IdempotencyRecord, IdempotencyStore } from "../idempotency-record.ts";

/** Encrypts under the master key. Sealed bytes open only under the context that they were sealed with. */
export interface AnswerSealer {
  seal(plain: Uint8Array, context: string): Uint8Array;
  open(sealed: Uint8Array, context: string): Uint8Array | undefined;
}

export interface IdempotencyPorts {
  readonly answers: IdempotencyStore;
  readonly answerSealer: AnswerSealer;
  readonly hasher: SecretHasher;
}

/** A request with an `Idempotency-Key`. */
export interface RepeatableRequest {
  readonly idempotencyKey: string;
  /** The client that sends it. */
  readonly clientId: string;
  /** The operation, its target and its body. */
  readonly content: string;
}

/** Returns the earlier answer to the same request, if there is one. Refuses with `idempotency_key_reused`. */
export async function replayAnswer(
  request: RepeatableRequest,
  ports: IdempotencyPorts,
): Promise<Result<Uint8Array | undefined, AdminProblem>> {
  const record = await ports.answers.findRecord(keyDigestOf(request, ports));
  if (record === undefined) return ok(undefined);
  if (!sameDigest(record.requestDigest, requestDigestOf(request, ports))) {
    return problem(
      "idempotency_key_reused",
      "this Idempotency-Key was used for a different request: send a new request with a new key",
    );
  }
  return ok(ports.answerSealer.open(record.sealed, contextOf(request)));
}

/** The record to store with the change that a request makes. */
export const recordAnswer = (
  answer: Uint8Array,
  request: RepeatableRequest,
  ports: IdempotencyPorts,
): IdempotencyRecord => ({
  keyDigest: keyDigestOf(request, ports),
  requestDigest: requestDigestOf(request, ports),
  sealed: ports.answerSealer.seal(answer, contextOf(request)),
});

const keyDigestOf = ({ clientId, idempotencyKey }: RepeatableRequest, { hasher }: IdempotencyPorts) =>
  hasher.digest(`idempotency-key/${clientId}`, idempotencyKey);

const requestDigestOf = ({ clientId, content }: RepeatableRequest, { hasher }: IdempotencyPorts) =>
  hasher.digest(`idempotent-request/${clientId}`, content);

const contextOf = ({ clientId, idempotencyKey }: RepeatableRequest): string => `answer/${clientId}/${idempotencyKey}`;
