import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";

/**
 * Encrypts values before they are stored. A random data key encrypts the values, and the master key encrypts the data
 * key, so that the master key can change without changing what runs. `docs/reference/sealed-values.md` has the format.
 */

/** A random key that encrypts values. */
export interface DataKey {
  /** 16 hexadecimal digits, which each value starts with. */
  readonly id: string;
  readonly key: KeyObject;
}

/** What encrypts the data keys. */
export interface MasterKey {
  /** 16 hexadecimal digits, derived from the key. Does not give the key away. */
  readonly id: string;
  wrap(dataKey: DataKey): Uint8Array;
  /** Returns undefined for a different master key or id, and for damaged bytes. */
  unwrap(dataKeyId: string, wrapped: Uint8Array): DataKey | undefined;
  /** Opens a value of version 1, which the master key encrypts without a data key. */
  openFirstVersion(sealed: Uint8Array, context: string): Buffer | undefined;
}

const version = { withoutDataKey: 1, withDataKey: 2 } as const;
const idLength = 8;
const ivLength = 12;
const tagLength = 16;

export const makeDataKey = (): DataKey => ({
  id: randomBytes(idLength).toString("hex"),
  key: createSecretKey(randomBytes(32)),
});

export function createMasterKey(key: KeyObject): MasterKey {
  const derive = (purpose: string, length: number): Buffer =>
    Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), purpose, length));
  const id = derive("carnet/master-key-id/v1", idLength).toString("hex");
  const wrapping = createSecretKey(derive("carnet/wrap/v1", 32));
  const firstVersion = createSecretKey(derive("carnet/seal/v1", 32));
  const contextOf = (dataKeyId: string): string => `data-key/${dataKeyId}/${id}`;
  return {
    id,
    wrap: (dataKey) => encrypt(wrapping, dataKey.key.export(), contextOf(dataKey.id)),
    unwrap(dataKeyId, wrapped) {
      const opened = decrypt(wrapping, wrapped, contextOf(dataKeyId));
      return opened && { id: dataKeyId, key: createSecretKey(opened) };
    },
    openFirstVersion: (sealed, context) =>
      sealed[0] === version.withoutDataKey ? decrypt(firstVersion, sealed.subarray(1), context) : undefined,
  };
}

/** Binds the result to the context: `open` needs the same one. */
export const seal = (dataKey: DataKey, plain: Uint8Array, context: string): Uint8Array =>
  Buffer.concat([Buffer.of(version.withDataKey), Buffer.from(dataKey.id, "hex"), encrypt(dataKey.key, plain, context)]);

/** The id of the data key that encrypts a value. undefined: none does. */
export const dataKeyOf = (sealed: Uint8Array): string | undefined =>
  sealed[0] === version.withDataKey && sealed.length > idLength
    ? Buffer.from(sealed.subarray(1, 1 + idLength)).toString("hex")
    : undefined;

/** Returns undefined for a different data key or context, and for damaged bytes. */
export const open = (dataKey: DataKey, sealed: Uint8Array, context: string): Buffer | undefined =>
  dataKeyOf(sealed) === dataKey.id ? decrypt(dataKey.key, sealed.subarray(1 + idLength), context) : undefined;

/** AES-256-GCM: the initialization vector, the encrypted bytes, and the tag. */
function encrypt(key: KeyObject, plain: Uint8Array, context: string): Buffer {
  const iv = randomBytes(ivLength);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: KeyObject, encrypted: Uint8Array, context: string): Buffer | undefined {
  if (encrypted.length < ivLength + tagLength) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, encrypted.subarray(0, ivLength), { authTagLength: tagLength })
    .setAAD(Buffer.from(context))
    .setAuthTag(encrypted.subarray(-tagLength));
  try {
    return Buffer.concat([decipher.update(encrypted.subarray(ivLength, -tagLength)), decipher.final()]);
  } catch {
    return undefined;
  }
}
