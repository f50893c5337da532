/** Something that an operator should look at, although no request failed because of it alone. */
export interface Warning {
  /** A stable name for the kind of warning. */
  readonly code:
    | "keys_unavailable"
    | "revocations_unavailable"
    | "revocations_invalid"
    | "revocations_rolled_back"
    | "revocations_stale";
  /** What happened, in a sentence. */
  readonly message: string;
}

/** Called with each warning. */
export type OnWarning = (warning: Warning) => void;
