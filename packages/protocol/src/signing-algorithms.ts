/**
 * The algorithms that can sign tokens: names as in the JOSE registry.
 * `EdDSA` and `Ed25519` are the same signature; the second name is the fully specified one of RFC 9864.
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc8037#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc9864#section-2.2
 * @see https://www.rfc-editor.org/rfc/rfc9964
 */
export const signingAlgorithmNames = [
  "ES256",
  "Ed25519",
  "EdDSA",
  "RS256",
  "PS256",
  "ES384",
  "ML-DSA-44",
  "ML-DSA-65",
] as const;

export type SigningAlgorithmName = (typeof signingAlgorithmNames)[number];

export const isSigningAlgorithm = (name: string): name is SigningAlgorithmName =>
  signingAlgorithmNames.some((known) => known === name);
