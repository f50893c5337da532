import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { CarnetError } from "../errors/carnet-error.ts";
import type { Result } from "../result.ts";

/** Turns what a function returns or throws into a result. An error that is not ours is a bug and is thrown on. */
export async function resultOf<T>(run: () => Promise<T>): Promise<Result<T, AnyCarnetError>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    if (error instanceof CarnetError) return { ok: false, error: error as AnyCarnetError };
    throw error;
  }
}
