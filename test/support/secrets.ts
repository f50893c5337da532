import { randomBytes, randomUUID } from "node:crypto";
import { drawSecret, drawSecretId } from "@carnet/core/client/draw";
import type { RandomSource } from "@carnet/core/ports";
import { formatGeneratedSecret } from "@carnet/protocol/client-secret";

/** Imported secrets that are easy to encode wrongly, by the reason. */
export const importedSecrets = {
  colons: "wk_secret:oa2c:Zx81kQ0pLw3vN7tYb2Rd",
  "text that looks like escapes": "a:b:c%3Ad+e/f==%2B-0123",
  "percent signs that are not escapes": "100%-of-%zz+and-50%-0123",
  "spaces, ampersands and quotes": "strict secret with spaces & + % \"quotes\" = 'signs'",
  "characters beyond ASCII": "pässwörd-ключ-🔑-длинный",
} as const;

/** A well-formed generated secret that no client has. */
export const newSecret = (): string => formatGeneratedSecret(drawSecretId(systemRandom), drawSecret(systemRandom));

const systemRandom: RandomSource = { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };
