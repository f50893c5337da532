import { TokenInvalid } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** A verified access token. Frozen, because requests share it. The token itself is not in it. */
export interface AccessToken {
  /** The client that the token was issued to: `client_id`, or `azp` or `cid` of other servers. */
  readonly clientId: string;
  /** `sub`. Tokens of Carnet always have it. */
  readonly subject: string | undefined;
  /** The granted scopes: `scope`, or `scp` of other servers. */
  readonly scopes: readonly string[];
  /** `aud` as a list. */
  readonly audience: readonly string[];
  /** `iss`. */
  readonly issuer: string;
  /** `iat`. Tokens of Carnet always have it. */
  readonly issuedAt: Date | undefined;
  /** `exp`. An introspection may leave it out: then the time from which the issuer is asked again. */
  readonly expiresAt: Date;
  /** `jti`. Tokens of Carnet always have it. */
  readonly tokenId: string | undefined;
  /** The id of the client's workspace, if it has one, from `arid`. */
  readonly workspace: string | undefined;
  /** All claims, as they are in the token or in the answer of the introspection. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Claims whose source is trusted and whose values are not checked yet. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Checks that claims are for this API and valid now, and gives the token that they describe.
 * @throws {TokenInvalid} a claim is missing or wrong
 */
export function acceptClaims(claims: Claims, settings: Settings): AccessToken {
  const { exp, iat, nbf, jti, sub } = claims;
  const now = settings.clock() / 1000;
  const audience = textsOf(claims["aud"]);
  // RFC 9068 §4: the issuer must match exactly, and the audience must contain this API
  if (claims["iss"] !== settings.issuer) refuse("issuer", `The token's \`iss\` is not ${settings.issuer}.`);
  if (!audience.some((each) => settings.audience.includes(each)))
    refuse("audience", `The token's \`aud\` does not contain ${settings.audience.join(" or ")}.`);
  if (!isTime(exp)) return refuse("claims", "The token has no `exp`, or one that is not a number.");
  if (now >= exp + settings.clockTolerance) refuse("expired", "The token has expired.");
  if (nbf !== undefined && !isTime(nbf)) refuse("claims", "The token's `nbf` is not a number.");
  if (isTime(nbf) && nbf > now + settings.clockTolerance) refuse("not_yet_valid", "The token is not valid yet.");
  if (iat !== undefined && !isTime(iat)) return refuse("claims", "The token's `iat` is not a number.");
  const clientId = [claims["client_id"], claims["azp"], claims["cid"]].find(isText);
  if (clientId === undefined) return refuse("claims", "The token names no client (`client_id`).");
  return Object.freeze({
    clientId,
    subject: isText(sub) ? sub : undefined,
    scopes: Object.freeze(textsOf(claims["scope"] ?? claims["scp"]).flatMap((each) => each.split(" ").filter(Boolean))),
    audience: Object.freeze(audience),
    issuer: settings.issuer,
    // New dates each time, because a date cannot be frozen
    get issuedAt() {
      return iat === undefined ? undefined : new Date(iat * 1000);
    },
    get expiresAt() {
      return new Date(exp * 1000);
    },
    tokenId: isText(jti) ? jti : undefined,
    workspace: workspaceOf(claims["arid"]),
    claims: deepFreeze(claims),
  });
}

function refuse(...[reason, message]: ConstructorParameters<typeof TokenInvalid>): never {
  throw new TokenInvalid(reason, message);
}

const isText = (value: unknown): value is string => typeof value === "string";

/** Only what a `Date` can hold: RFC 7519 §2 allows numbers that it cannot. */
const isTime = (value: unknown): value is number => typeof value === "number" && Math.abs(value) <= 8.64e12;

const textsOf = (value: unknown): string[] =>
  isText(value) ? [value] : Array.isArray(value) ? value.filter(isText) : [];

/** `arid` is base64url of `Workspace`, the byte 0x1f, and the id. */
function workspaceOf(arid: unknown): string | undefined {
  if (!isText(arid)) return undefined;
  try {
    const bytes = Uint8Array.from(atob(arid.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    const [kind, id] = new TextDecoder().decode(bytes).split("\u001f");
    return kind === "Workspace" ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Not recursive, because nested claims can be deeper than the stack. */
function deepFreeze<Value>(value: Value): Value {
  const open: unknown[] = [value];
  for (const each of open)
    if (typeof each === "object" && each !== null)
      for (const inner of Object.values(Object.freeze(each))) open.push(inner);
  return value;
}
