import { err, ok, type Result } from "./result.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Names a client. Comes only from `parseClientId`. */
export type ClientId = Branded<"ClientId">;

/** Names one secret of a client: 16 of a-z and 0-9. Comes only from `parseSecretId`. */
export type SecretId = Branded<"SecretId">;

/**
 * Names a client or a secret in tokens (`rvk`) and in the revocation feed: 11 random characters of base64url (66 bits)
 * that reveal neither id. Comes only from `parseRevocationHandle`.
 */
export type RevocationHandle = Branded<"RevocationHandle">;

// RFC 6749 §A.1 allows %x20-7E; without the colon, so that Basic (RFC 7617 §2) can carry it
const clientId = /^[\x21-\x39\x3b-\x7e](?:[\x20-\x39\x3b-\x7e]{0,253}[\x21-\x39\x3b-\x7e])?$/;
const secretId = /^[a-z0-9]{16}$/;
const revocationHandle = /^[A-Za-z0-9_-]{11}$/;

/** The alphabet and the length of a new secret id. */
export const secretIdForm = { alphabet: "0123456789abcdefghijklmnopqrstuvwxyz", length: 16 } as const;

/** The alphabet and the length of a new revocation handle. */
export const revocationHandleForm = {
  alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
  length: 11,
} as const;

/** Reads a client id. @see https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1 */
export function parseClientId(text: string): Result<ClientId, string> {
  return clientId.test(text)
    ? ok(text as ClientId)
    : err("a client id has 1 to 255 printable ASCII characters, no colon, and no space at either end");
}

/** Reads a secret id. */
export function parseSecretId(text: string): Result<SecretId, string> {
  return secretId.test(text) ? ok(text as SecretId) : err("a secret id has 16 characters of a-z and 0-9");
}

/** Reads a revocation handle. */
export function parseRevocationHandle(text: string): Result<RevocationHandle, string> {
  return revocationHandle.test(text)
    ? ok(text as RevocationHandle)
    : err("a revocation handle has 11 characters of base64url");
}
