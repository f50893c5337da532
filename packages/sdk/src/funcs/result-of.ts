import type { Result } from "@carnet/protocol/result";
import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { CarnetError } from "../errors/carnet-error.ts";

/** Turns a return value or a thrown `CarnetError` into a result. Any other error is a bug and is rethrown. */
export async function resultOf<T>(run: () => Promise<T>): Promise<Result<T, AnyCarnetError>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    if (error instanceof CarnetError) return { ok: false, error: error as AnyCarnetError };
    throw error;
  }
}
