/** What a verifier must check: the same for all. */
export interface Task {
  readonly issuer: string;
  readonly audience: string;
  /** The public key, as a JWKS and as PEM. */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  readonly pem: string;
}

/** A library that verifies access tokens, configured for one API. */
export interface Verifier {
  readonly title: string;
  readonly version: string;
  /** How it is used here, in one sentence. */
  readonly use: string;
  /** Makes a new instance, with its cache of verified tokens on or off. Undefined if it has no cache and one is wanted. */
  open(task: Task, cache: boolean): Verify | undefined;
}

/** Rejects an invalid token. */
export type Verify = (token: string) => unknown;
