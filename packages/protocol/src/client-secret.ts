import type { SecretId } from "./ids.ts";

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Starts every generated secret, so that people and secret scanners recognise it. */
export const generatedSecretPrefix = "carnet_";

/** The random part of a generated secret: 43 × log2(62) is 256 bits. */
export const generatedSecretRandom = { alphabet: base62, length: 43 } as const;

const shape = /^carnet_([a-z0-9]{16})_[0-9A-Za-z]{43}_([0-9A-Za-z]{6})$/;

/** What a generated secret shows of itself, to tell it from others: `carnet_<secret id>_`. */
export const visibleStart = (secretId: string): string => `${generatedSecretPrefix}${secretId}_`;

/** Whether a text contains a generated secret, or a part of one that is more than its visible start. */
export const containsGeneratedSecret = (text: string): boolean => /carnet_[a-z0-9]{16}_[0-9A-Za-z]/.test(text);

/** Formats a generated secret: `carnet_<secret id>_<random>_<checksum>`. */
export function formatGeneratedSecret(secretId: SecretId, random: string): string {
  const body = `${visibleStart(secretId)}${random}`;
  return `${body}_${checksum(body)}`;
}

/** Whether a text has the form of a generated secret but a wrong checksum. Does not prove who made it. */
export const isMistypedSecret = (secret: string): boolean => checksumOf(secret) === "wrong";

/** The checksum of a text with the form of a generated secret. A right one does not prove who made the secret. */
export function checksumOf(secret: string): "right" | "wrong" | undefined {
  const match = shape.exec(secret);
  if (match === null) return undefined;
  return checksum(secret.slice(0, -7)) === match[2] ? "right" : "wrong";
}

/** CRC-32 (ISO-HDLC) of ASCII text in six base62 digits. */
function checksum(body: string): string {
  let crc = 0xffffffff;
  for (let at = 0; at < body.length; at++) {
    crc ^= body.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = "";
  for (let digit = 0; digit < 6; digit++) {
    digits = base62.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
