import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from "node:crypto";

/** Encrypts the private keys and the pepper before they are stored. */
export interface Sealer {
  /** Binds the result to the context: `open` needs the same one. */
  seal(plain: Uint8Array, context: string): Uint8Array;
  /** Returns undefined for a different master key or context, and for damaged bytes. */
  open(sealed: Uint8Array, context: string): Buffer | undefined;
}

const version = 1;
const ivLength = 12;
const tagLength = 16;

/** AES-256-GCM under a key derived from the master key by HKDF-SHA-256. */
export function createSealer(masterKey: KeyObject): Sealer {
  const key = Buffer.from(hkdfSync("sha256", masterKey, Buffer.alloc(0), "carnet/seal/v1", 32));
  return {
    seal(plain, context) {
      const iv = randomBytes(ivLength);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
      const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(version), iv, encrypted, cipher.getAuthTag()]);
    },
    open(sealed, context) {
      if (sealed.length < 1 + ivLength + tagLength || sealed[0] !== version) return undefined;
      const iv = sealed.subarray(1, 1 + ivLength);
      const encrypted = sealed.subarray(1 + ivLength, -tagLength);
      const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: tagLength })
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(-tagLength));
      try {
        return Buffer.concat([decipher.update(encrypted), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}
