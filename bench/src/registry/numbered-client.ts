/** A client derived from its number, so that a million secrets need not be stored. */
export interface NumberedClient {
  readonly id: string;
  readonly secret: string;
}

/** Ids are spread like random ones, so that neighbouring numbers are not neighbours in the database. */
export function numberedClient(number: number): NumberedClient {
  const spread = spreadBits(number).toString(16).padStart(8, "0");
  return { id: `bench-${spread}`, secret: `bench-secret-of-the-client-${spread}-abcdefghij` };
}

/** A bijection of 32-bit numbers that destroys their order (the finaliser of MurmurHash3). */
function spreadBits(number: number): number {
  let bits = number | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
