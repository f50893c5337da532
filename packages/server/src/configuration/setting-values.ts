import { isIP } from "node:net";
import { parseCidr } from "@carnet/core/client/cidr";
import { formatByteSize, parseByteSize } from "@carnet/protocol/byte-size";
import { type DurationUnit, durationRange, parseDuration } from "@carnet/protocol/duration";
import { isLoopbackHost } from "@carnet/protocol/loopback";
import { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import { nameOf, type PostgresAddress, parsePostgresUrl } from "../store/postgres/postgres-address.ts";

/** Parsers for the values of settings. */

export const bad = err(undefined);

/** What a kind of value accepts. */
interface ValueKind {
  /** As a phrase after "Accepted: ". */
  readonly accepts: string;
  parse(text: string): Result<number, undefined>;
}

export function parsePath(text: string): Result<string, undefined> {
  return text === "" ? bad : ok(text);
}

export function parseCommand(text: string): Result<string, undefined> {
  return text.trim() === "" || text.includes("\0") ? bad : ok(text);
}

export function wholeNumber(text: string, min: number, max: number): Result<number, undefined> {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? ok(number) : bad;
}

/** How a setting in the given unit accepts time spans. */
export function duration(min: number, max: number, unit: DurationUnit): ValueKind {
  const parse = (text: string): Result<number, undefined> => {
    const value = parseDuration(text, unit);
    return value !== undefined && value >= min && value <= max ? ok(value) : bad;
  };
  return { accepts: durationRange(min, max, unit), parse };
}

// RFC 4343 §3: names are compared without case, and `localhost` is compared with this one
export const parseHost = (text: string): Result<string, undefined> =>
  isIP(text) !== 0 || /^[0-9A-Za-z._-]+$/.test(text) ? ok(text.toLowerCase()) : bad;

export function parseIssuer(text: string): Result<string, undefined> {
  const url = URL.parse(text);
  // RFC 8414 §2: a URL that uses https and has no query or fragment
  if (url === null || url.username !== "" || url.password !== "" || !(text === url.origin || text === `${url.origin}/`))
    return bad;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname)) ? ok(url.origin) : bad;
}

export function parseWebhookUrl(text: string): Result<Redacted<string>, undefined> {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return bad;
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
  return isSafe ? ok(new Redacted(url.href)) : bad;
}

/** The bytes of a key. @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function parseWebhookSecret(text: string): Result<Redacted<Uint8Array>, undefined> {
  const [, base64] = /^whsec_([A-Za-z0-9+/]{32,86}={0,2})$/.exec(text) ?? [];
  if (base64 === undefined) return bad;
  const bytes = Buffer.from(base64, "base64");
  return bytes.length >= 24 && bytes.length <= 64 ? ok(new Redacted(bytes)) : bad;
}

/** A database: the path of an SQLite file, or the address of a PostgreSQL database. */
export function parseStore(text: string): Result<StoreAddress, string | undefined> {
  if (text.startsWith("postgres")) return parsePostgresUrl(text);
  return /^sqlite:(?!\/\/)[^\p{Cc}]+$/u.test(text) ? ok({ kind: "sqlite", path: text.slice(7) }) : bad;
}

/** Where the store is. */
export type StoreAddress = PostgresAddress | { readonly kind: "sqlite"; readonly path: string };

/** The store for messages: the path of its file, or its URL without the password. */
export const storeName = (store: StoreAddress): string => (store.kind === "sqlite" ? store.path : nameOf(store));

/** How a setting accepts a number of bytes. */
export function byteSize(min: number, max: number): ValueKind {
  const parse = (text: string): Result<number, undefined> => {
    const value = parseByteSize(text);
    return value !== undefined && value >= min && value <= max ? ok(value) : bad;
  };
  return { accepts: `a size from ${formatByteSize(min)} to ${formatByteSize(max)}, such as 64MiB or 10GiB`, parse };
}

export function parseBlocks(text: string): Result<readonly string[], undefined> {
  const blocks = text.split(",").map((block) => parseCidr(block.trim()));
  return blocks.every((block) => block.ok) ? ok(blocks.map((block) => block.value.text)) : bad;
}

/** 32 bytes in base64 or base64url, with or without padding; surrounding white space is ignored. */
export function parseMasterKey(text: string): Result<Uint8Array, undefined> {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return bad;
  const bytes = Buffer.from(trimmed, "base64");
  return bytes.length === 32 ? ok(bytes) : bad;
}
