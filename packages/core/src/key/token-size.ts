import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";

/** The characters of a typical access token with a signature too large for some headers. ES256: 0.6 kB. */
const largeTokens: Readonly<Partial<Record<SigningAlgorithmName, string>>> = {
  "ML-DSA-44": "3.7 kB",
  "ML-DSA-65": "4.9 kB",
};

/** The warning about the long tokens of an algorithm. Undefined: they are short. */
export function tokenSizeWarning(algorithm: SigningAlgorithmName): string | undefined {
  const size = largeTokens[algorithm];
  if (size === undefined) return undefined;
  return `a token signed with ${algorithm} has about ${size}, and with ES256 0.6 kB: check that every proxy and API accepts headers of that size, that their libraries know ${algorithm}, and that no library refuses the whole JWKS because of a key that it does not know`;
}
