import { findClient } from "@carnet/core/admin/change-client";
import { type IdempotencyPorts, recordAnswer, replayAnswer } from "@carnet/core/admin/idempotency";
import type { AdminProblem } from "@carnet/core/admin-problem";
import type { IdempotencyRecord } from "@carnet/core/idempotency-record";
import { ok, type Result } from "@carnet/protocol/result";
import type { Answer, Call } from "./operation.ts";

type RepetitionPorts = IdempotencyPorts & Parameters<typeof findClient>[1];

/**
 * Carries a request out once, however often the same client sends it with the same `Idempotency-Key`; repetitions get
 * the first answer, or `not_found` when its client does not exist for the caller any more. `carryOut` must store what
 * `record` returns in the transaction of its change.
 */
export async function answerOnce(
  { idempotencyKey, clientId, content }: Pick<Call<unknown, unknown>, "idempotencyKey" | "clientId" | "content">,
  ports: RepetitionPorts,
  carryOut: (record: ((answer: Answer) => IdempotencyRecord) | undefined) => Promise<Result<Answer, AdminProblem>>,
): Promise<Result<Answer, AdminProblem>> {
  if (idempotencyKey === undefined) return carryOut(undefined);
  const request = { idempotencyKey, clientId, content };
  const before = await replay(request, ports);
  if (before !== undefined) return before;
  const outcome = await carryOut((answer) => recordAnswer(Buffer.from(JSON.stringify(answer)), request, ports));
  if (outcome.ok) return outcome;
  // If the same request was carried out meanwhile, a refusal such as `taken` or `changed` only reflects that
  return (await replay(request, ports)) ?? outcome;
}

async function replay(
  request: Parameters<typeof replayAnswer>[0],
  ports: RepetitionPorts,
): Promise<Result<Answer, AdminProblem> | undefined> {
  const replayed = await replayAnswer(request, ports);
  if (!replayed.ok) return replayed;
  if (replayed.value === undefined) return undefined;
  const answer: Answer = JSON.parse(Buffer.from(replayed.value).toString("utf8"));
  // The answer has a secret, and the client may have been transferred, or the caller bound to other owners
  const { created } = answer; // a client, or a secret of one
  const found = created && (await findClient(created.clientId ?? created.id, ports));
  if (found?.ok === false) return found;
  return ok({ ...answer, unchanged: "replayed", headers: { ...answer.headers, "Idempotency-Replayed": "true" } });
}
