import { base64url } from "jose";
import { nodeCrypto } from "./node-crypto.ts";

/** What of a token revocations are matched with. */
export interface RevocableToken {
  readonly kid: string | undefined;
  /** `iat`, in seconds. A token without one matches every cut-off. */
  readonly issuedAt: number | undefined;
  /** `rvk`: the handle of the client, then of the secret. */
  readonly handles: readonly string[];
  /** The hash of `jti`, as in the feed. Undefined without `jti`. */
  readonly idHash: string | undefined;
}

/** A verified snapshot of the revocation feed. */
export interface RevocationList {
  /** Names the snapshot, so that a token can remember it without keeping it in memory. */
  readonly id: symbol;
  /** Seconds, with fractions. Everything that was revoked before is in the list. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The ids of revoked signing keys. */
  readonly keys: ReadonlySet<string>;
  /** Whether a revocation matches a token. */
  revokes(token: RevocableToken): boolean;
}

/** Reads the payload of a feed. Undefined if a member is missing or has another type. */
export function parseRevocations(payload: Readonly<Record<string, unknown>>): RevocationList | undefined {
  const { iat, exp, tokens, handles, keys, cut_offs, issued_until } = payload;
  if (!isNumber(iat) || !isNumber(exp) || !isTexts(tokens) || !isTexts(handles) || !isTexts(keys)) return undefined;
  if (!isNumbers(cut_offs) || !(issued_until === null || isNumber(issued_until))) return undefined;
  const revoked = { tokens: new Set(tokens), handles: new Set(handles), keys: new Set(keys) };
  const cutOffs = new Map(Object.entries(cut_offs));
  const isBefore = (token: RevocableToken, until: number | null | undefined): boolean =>
    until !== null && until !== undefined && (token.issuedAt === undefined || token.issuedAt <= until);
  return {
    id: Symbol(),
    issuedAt: iat,
    expiresAt: exp,
    keys: revoked.keys,
    revokes: (token) =>
      (token.idHash !== undefined && revoked.tokens.has(token.idHash)) ||
      token.handles.some((handle) => revoked.handles.has(handle)) ||
      isBefore(token, cutOffs.get(token.handles[0] ?? "")) ||
      isBefore(token, issued_until) ||
      (token.kid !== undefined && revoked.keys.has(token.kid)),
  };
}

/** The hash of a token id: base64url of the first 16 bytes of its SHA-256. A promise where only Web Crypto is there. */
export function hashTokenId(tokenId: string): string | Promise<string> {
  return nodeCrypto === undefined ? hashWithWebCrypto(tokenId) : encode(nodeCrypto.hash("sha256", tokenId, "buffer"));
}

async function hashWithWebCrypto(tokenId: string): Promise<string> {
  return encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(tokenId))));
}

const encode = (digest: Uint8Array): string => base64url.encode(digest.subarray(0, 16));

const isNumber = (value: unknown): value is number => Number.isFinite(value);

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

const isNumbers = (value: unknown): value is Readonly<Record<string, number>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isNumber);
