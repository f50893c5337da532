import type { AdminProblem } from "@carnet/core/admin/admin-problem";
import { type IdempotencyPorts, type KeptAnswer, keepAnswer, recallAnswer } from "@carnet/core/admin/idempotency";
import { ok, type Result } from "@carnet/protocol/result";
import type { Answer, Call } from "./operation.ts";

/**
 * Carries a request out once, however often it comes with the same `Idempotency-Key` and token owner: again, it gets
 * the first answer. `carryOut` must keep what `keep` makes in the transaction of its change.
 */
export async function answerOnce(
  { idempotencyKey, clientId, content }: Pick<Call<unknown, unknown>, "idempotencyKey" | "clientId" | "content">,
  ports: IdempotencyPorts,
  carryOut: (keep: ((answer: Answer) => KeptAnswer) | undefined) => Promise<Result<Answer, AdminProblem>>,
): Promise<Result<Answer, AdminProblem>> {
  if (idempotencyKey === undefined) return carryOut(undefined);
  const request = { idempotencyKey, clientId, content };
  const before = await recall(request, ports);
  if (before !== undefined) return before;
  const outcome = await carryOut((answer) => keepAnswer(Buffer.from(JSON.stringify(answer)), request, ports));
  if (outcome.ok) return outcome;
  // Carried out in between, it cannot be done again for one reason or another: a state has gone, or a room is taken
  return (await recall(request, ports)) ?? outcome;
}

async function recall(
  request: Parameters<typeof recallAnswer>[0],
  ports: IdempotencyPorts,
): Promise<Result<Answer, AdminProblem> | undefined> {
  const recalled = await recallAnswer(request, ports);
  if (!recalled.ok) return recalled;
  if (recalled.value === undefined) return undefined;
  const answer: Answer = JSON.parse(Buffer.from(recalled.value).toString("utf8"));
  return ok({ ...answer, headers: { ...answer.headers, "Idempotency-Replayed": "true" } });
}
