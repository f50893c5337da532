import { CarnetError } from "@carnet/sdk";
import { Failure } from "./failure.ts";

/** An error of the SDK, written to be shown as well, as a failure of the command, with advice where there is some. */
export function failureOf(error: unknown, advice: string | undefined): unknown {
  if (!(error instanceof CarnetError)) return error;
  return new Failure(advice === undefined ? error.message : `${error.message}\n${advice}`);
}
