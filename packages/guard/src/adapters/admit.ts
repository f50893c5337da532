import type { AccessToken } from "../access-token.ts";
import { GuardError, type GuardFailure } from "../errors.ts";
import type { Guard, Requirements } from "../guard.ts";
import type { TokenSource } from "../token-source.ts";

/** The options of every adapter's `protect`. */
export interface ProtectOptions extends Requirements {
  /** Called with each refusal before it is sent, to log it. It contains no token. */
  readonly onRefusal?: ((failure: GuardFailure) => void) | undefined;
}

/** Verifies the token of a request. Returns the refusal instead of throwing it. Other errors are still thrown. */
export async function admit(
  guard: Guard,
  source: TokenSource,
  { onRefusal, ...requirements }: ProtectOptions,
): Promise<AccessToken | GuardFailure> {
  try {
    return await guard.verify(source, requirements);
  } catch (error) {
    if (!isFailure(error)) throw error;
    onRefusal?.(error);
    return error;
  }
}

/** Whether an error is one of the guard's own. */
export const isFailure = (error: unknown): error is GuardFailure => error instanceof GuardError;
