import type { Result } from "@carnet/protocol/result";

/** A setting of the service. The reference page is generated from the rows below. */
export interface Setting<Value> {
  readonly environment: string;
  /** In commander's syntax; undefined for a secret, because other users of the machine can see flags. */
  readonly flag: string | undefined;
  readonly description: string;
  /** The accepted values, as a phrase after "Accepted: ". */
  readonly accepts: string;
  /** The default, in words. */
  readonly otherwise: string;
  readonly secret?: true;
  /** The error says what is wrong with the value, if more can be said than what is accepted. */
  parse(text: string): Result<Value, string | undefined>;
}

/** Infers the type of the value. */
export const setting = <Value>(row: Setting<Value>): Setting<Value> => row;
