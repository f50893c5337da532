import type { TokenErrorCode } from "@carnet/protocol/refusals";
import { IamError } from "../errors/iam-error.ts";
import { orAbort } from "../http/pause.ts";
import type { Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";

/** Whether the server rejected the client's credentials, as opposed to the rest of the request. */
export function refusesClient(error: unknown): boolean {
  return (
    error instanceof IamError && (error.status === 401 || error.error === ("invalid_client" satisfies TokenErrorCode))
  );
}

/** Runs with the configured credentials. If the server refuses them and there are new ones, runs once more. */
export async function withSecurity<T>(
  { security }: Settings,
  signal: AbortSignal | null | undefined,
  run: (security: Security) => T | Promise<T>,
): Promise<T> {
  const first = await orAbort(security.get(), signal);
  try {
    return await run(first);
  } catch (error) {
    if (!refusesClient(error)) throw error;
    const other = await orAbort(security.afterRefusal(first), signal);
    if (other === first) throw error;
    return await run(other);
  }
}
