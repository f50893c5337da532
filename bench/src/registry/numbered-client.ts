/** The clients of a big registry: made from their numbers, so that nobody has to keep a list of a million secrets. */
export interface NumberedClient {
  readonly id: string;
  readonly secret: string;
}

/** Ids are spread as random ones would be, so that neighbours in number are none in the database. */
export function numberedClient(number: number): NumberedClient {
  const spread = spreadBits(number).toString(16).padStart(8, "0");
  return { id: `bench-${spread}`, secret: `bench-secret-of-the-client-${spread}-abcdefghij` };
}

/** A bijection of 32-bit numbers that leaves no order (the finaliser of MurmurHash3). */
function spreadBits(number: number): number {
  let bits = number | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
