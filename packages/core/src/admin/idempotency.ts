import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, problem } from "../admin-problem.ts";
import { includesDigest, type PepperedDigest, type SecretHasher } from "../client/secret-hasher.ts";
import type { IdempotencyRecord, IdempotencyStore } from "../idempotency-record.ts";

/** Encrypts answers. Sealed bytes open only under the context that they were sealed with. */
export interface AnswerSealer {
  seal(plain: Uint8Array, context: string): Uint8Array;
  open(sealed: Uint8Array, context: string): Promise<Uint8Array | undefined>;
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
  await ports.hasher.catchUp(); // another node may have recorded it under a pepper that is new here
  const record = await findRecord(request, ports);
  if (record === undefined) return ok(undefined);
  if (!includesDigest(requestDigestsOf(request, ports), record.requestDigest)) {
    return problem(
      "idempotency_key_reused",
      "this Idempotency-Key was used for a different request: send a new request with a new key",
    );
  }
  return ok(await ports.answerSealer.open(record.sealed, contextOf(request)));
}

/** The record to store with the change that a request makes. */
export const recordAnswer = (
  answer: Uint8Array,
  request: RepeatableRequest,
  ports: IdempotencyPorts,
): IdempotencyRecord => ({
  keyDigest: ports.hasher.digest(...keyOf(request)).digest,
  otherKeyDigests: keyDigestsOf(request, ports)
    .filter(({ pepper }) => pepper !== ports.hasher.current)
    .map(bytesOf),
  requestDigest: ports.hasher.digest(...contentOf(request)).digest,
  sealed: ports.answerSealer.seal(answer, contextOf(request)),
});

/** While the pepper is replaced, the record can be under either one. Looks under both in any case. */
async function findRecord(request: RepeatableRequest, ports: IdempotencyPorts): Promise<IdempotencyRecord | undefined> {
  let found: IdempotencyRecord | undefined;
  for (const { digest } of keyDigestsOf(request, ports)) found = (await ports.answers.findRecord(digest)) ?? found;
  return found;
}

const keyDigestsOf = (request: RepeatableRequest, { hasher }: IdempotencyPorts) => hasher.digests(...keyOf(request));

const bytesOf = ({ digest }: PepperedDigest): Uint8Array => digest;

const requestDigestsOf = (request: RepeatableRequest, { hasher }: IdempotencyPorts) =>
  hasher.digests(...contentOf(request));

const keyOf = ({ clientId, idempotencyKey }: RepeatableRequest) =>
  [`idempotency-key/${clientId}`, idempotencyKey] as const;

const contentOf = ({ clientId, content }: RepeatableRequest) => [`idempotent-request/${clientId}`, content] as const;

const contextOf = ({ clientId, idempotencyKey }: RepeatableRequest): string => `answer/${clientId}/${idempotencyKey}`;
