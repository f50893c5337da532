import { isJsonObject, type JsonObject, type JsonValue } from "./json-merge-patch.ts";
import { err, ok, type Result } from "./result.ts";

/**
 * Claims that an operator gives to a client or a scope, and that access tokens have besides our own. Members are sorted
 * by name on every level, so equal claims are equal as JSON.
 */
export type StaticClaims = JsonObject;

export const noClaims: StaticClaims = Object.freeze({});

export const hasClaims = (claims: StaticClaims): boolean => {
  for (const _ in claims) return true; // unlike Object.keys, makes no list: every token asks this
  return false;
};

/**
 * Names that static claims cannot have, because the service sets them, or because verifiers take from them who the token
 * is for, how long it is valid or what it allows. By the document that defines them.
 * @see https://www.iana.org/assignments/jwt/jwt.xhtml
 */
export const reservedClaims: Readonly<Record<string, readonly string[]>> = {
  "RFC 7519 §4.1": ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"],
  "RFC 9068 §2.2": ["auth_time", "acr", "amr", "client_id", "scope"],
  "RFC 8693 §4": ["act", "may_act"],
  "RFC 7800 §3.1": ["cnf"],
  "RFC 7662 §2.2": ["active", "username", "token_type"],
  "RFC 9701 §5": ["token_introspection"],
  "RFC 9396 §9": ["authorization_details"],
  "RFC 8417 §2.2": ["events", "toe", "txn"],
  "RFC 9493 §4.1": ["sub_id"],
  "OpenID Connect": ["azp", "nonce", "sid", "sub_jwk", "at_hash", "c_hash", "s_hash", "_claim_names", "_claim_sources"],
  "other servers": ["cid", "scp"],
  Carnet: ["arid", "rvk"],
};

/**
 * Parsers that ignore case take names for the same if they are the same in this form: Go's `encoding/json`, and those that
 * use Java's `equalsIgnoreCase`, which takes U+0131 and U+0130 for i as well.
 */
export const foldClaimName = (name: string): string =>
  name.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("i\u0307", "i");

const reserved: ReadonlySet<string> = new Set(Object.values(reservedClaims).flat());

/** Bytes of the JSON of the claims of one client. */
export const maxClientClaims = 1024;

/** Bytes of the JSON of the claims of all scopes together: each name once, with its largest value. */
export const maxScopeClaims = 1024;

/** Objects and lists inside each other. The claims themselves are the first level. */
const maxDepth = 8;
const maxNameCharacters = 128;

export interface ClaimProblem {
  /** Relative to the claims. */
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Checks and sorts claims. Refuses with all problems, without their values: reserved names, null members, what JSON
 * parsers read differently, and more levels or bytes than allowed.
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4
 */
export function parseStaticClaims(
  given: Readonly<Record<string, unknown>>,
  maxBytes: number,
): Result<StaticClaims, readonly ClaimProblem[]> {
  const problems: ClaimProblem[] = [];
  const claims = readObject(given, { pointer: "", depth: 1, problems });
  const folded = new Set<string>();
  for (const name of Object.keys(given)) {
    const detail = topNameProblem(foldClaimName(name), folded);
    if (detail !== undefined) problems.push({ pointer: pointerTo("", name), detail });
    folded.add(foldClaimName(name));
  }
  if (problems.length > 0) return err(problems.slice(0, maxProblems));
  const bytes = claimBytes(claims);
  if (bytes <= maxBytes) return ok(claims);
  return err([{ pointer: "", detail: `must have at most ${maxBytes} bytes as JSON, and these have ${bytes}` }]);
}

/** A body can have a hundred thousand members. */
const maxProblems = 20;

interface Place {
  readonly pointer: string;
  readonly depth: number;
  readonly problems: ClaimProblem[];
}

function readObject(given: Readonly<Record<string, unknown>>, place: Place): JsonObject {
  const names = Object.keys(given).sort();
  return Object.fromEntries(
    names.map((name): [string, JsonValue] => {
      const pointer = pointerTo(place.pointer, name);
      const problem =
        nameProblem(name) ?? (given[name] === null ? "must not be null: leave the member out" : undefined);
      if (problem === undefined) return [name, readValue(given[name], { ...place, pointer })];
      place.problems.push({ pointer, detail: problem });
      return [name, null];
    }),
  );
}

/** The problem of the name of a claim itself, after the others. Both folded. */
function topNameProblem(name: string, others: ReadonlySet<string>): string | undefined {
  if (reserved.has(name)) return "is a reserved claim, or differs from one by case only: use another name";
  if (name.startsWith("carnet:")) return "begins with carnet:, which is reserved: use another name";
  return others.has(name) ? "differs from another claim by case only: use another name" : undefined;
}

function nameProblem(name: string): string | undefined {
  // Parsers in C end a name at U+0000, and people do not see the difference that an invisible character makes
  if (name === "" || name.length > maxNameCharacters || !name.isWellFormed() || /[\p{Cc}\p{Cf}]/u.test(name))
    return `must have a name of 1 to ${maxNameCharacters} characters that is valid Unicode, without control or invisible characters`;
  // Verifiers in JavaScript that copy claims by assignment would set the prototype
  return name === "__proto__" ? "must have another name" : undefined;
}

function readValue(value: unknown, place: Place): JsonValue {
  const { pointer, depth, problems } = place;
  const refuse = (detail: string): null => {
    problems.push({ pointer, detail });
    return null;
  };
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return value.isWellFormed() ? value : refuse("must be valid Unicode");
  if (typeof value === "number") {
    // RFC 7493 §2.2: other parsers read larger numbers as other ones
    if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value === 0 ? 0 : value; // JSON has no use for -0
    return refuse("must be a number between -(2^53 - 1) and 2^53 - 1: write a larger one as text");
  }
  if (depth === maxDepth) return refuse(`must not be nested more than ${maxDepth} levels deep`);
  const inner = { ...place, depth: depth + 1 };
  if (Array.isArray(value)) return value.map((one, at) => readValue(one, { ...inner, pointer: `${pointer}/${at}` }));
  return isJsonObject(value) ? readObject(value, inner) : refuse("must be a JSON value");
}

/** RFC 6901 §3. Names can be as long as the body. */
const pointerTo = (parent: string, name: string): string =>
  `${parent}/${name.slice(0, 100).toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** The bytes of the claims as JSON in UTF-8. */
export const claimBytes = (claims: StaticClaims): number =>
  encodeURIComponent(JSON.stringify(claims)).replace(/%../g, " ").length;

/** The most bytes that the claims of any of these scopes can add to a token: each name once, with its largest value. */
export function largestClaims(ofScopes: readonly StaticClaims[]): number {
  const largest = new Map<string, JsonValue>();
  for (const [name, value] of ofScopes.flatMap(Object.entries<JsonValue>)) {
    const before = largest.get(name);
    if (before === undefined || claimBytes({ [name]: before }) < claimBytes({ [name]: value }))
      largest.set(name, value);
  }
  return claimBytes(Object.fromEntries(largest));
}
