import type { TokenErrorCode } from "@carnet/protocol/refusals";
import { AnswerError } from "../errors/answer-error.ts";
import { IamError } from "../errors/iam-error.ts";
import { orAbort } from "../http/pause.ts";
import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";

/** Whether the server rejected the client's credentials, as opposed to the rest of the request: any 401, or `invalid_client`. */
export function refusesClient(error: unknown): boolean {
  const isNamed = error instanceof IamError && error.error === ("invalid_client" satisfies TokenErrorCode);
  return isNamed || (error instanceof AnswerError && error.status === 401);
}

/** Runs with the configured credentials. If the server refuses them and there are new ones, runs once more. */
export async function withSecurity<T>(
  { security, closing }: Settings,
  signal: AbortSignal | null | undefined,
  run: (security: Security) => T | Promise<T>,
): Promise<T> {
  const wait = (loaded: Promise<Security>) => orAbort(loaded, signal, closing);
  const first = await wait(security.get());
  try {
    return await run(first);
  } catch (error) {
    if (!refusesClient(error)) throw error;
    const other = await wait(security.afterRefusal(first));
    if (other === first) throw error;
    return await run(other);
  }
}
