import { generatedSecretRandom } from "@carnet/protocol/client-secret";
import {
  parseRevocationHandle,
  parseSecretId,
  type RevocationHandle,
  revocationHandleForm,
  type SecretId,
  secretIdForm,
} from "@carnet/protocol/ids";
import type { Result } from "@carnet/protocol/result";
import type { RandomSource } from "../ports.ts";

/** Random ids and secrets. Each character is drawn uniformly from its alphabet. */
export const drawSecretId = (random: RandomSource): SecretId => take(parseSecretId(draw(secretIdForm, random)));

export const drawHandle = (random: RandomSource): RevocationHandle =>
  take(parseRevocationHandle(draw(revocationHandleForm, random)));

/** The random part of a generated secret. */
export const drawSecret = (random: RandomSource): string => draw(generatedSecretRandom, random);

function draw({ alphabet, length }: { alphabet: string; length: number }, random: RandomSource): string {
  const limit = 256 - (256 % alphabet.length); // larger bytes would favour the first characters
  let drawn = "";
  while (drawn.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < limit && drawn.length < length) drawn += alphabet.charAt(byte % alphabet.length);
    }
  }
  return drawn;
}

function take<Value>(parsed: Result<Value, string>): Value {
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
