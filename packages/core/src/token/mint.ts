import { type AccessTokenClaims, accessTokenType, workspaceArid } from "@carnet/protocol/access-token-claims";
import { adminAudience, adminAudienceName } from "@carnet/protocol/admin/admin-scopes";
import { Redacted } from "@carnet/protocol/redacted";
import { formatScope } from "@carnet/protocol/scope";
import { hasClaims, type StaticClaims } from "@carnet/protocol/static-claims";
import type { TokenClient } from "../client/token-client.ts";
import type { RandomSource } from "../ports.ts";
import type { ScopeClaims } from "../scope/scope-claims.ts";
import type { Grant } from "./authorise.ts";
import type { GrantedToken } from "./render.ts";
import type { TokenSigner } from "./token-signer.ts";

/** The settings that apply to every token. */
export interface TokenPolicy {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds. */
  readonly accessTokenTtl: number;
  /** The sunset of the deprecated path, in milliseconds since the epoch. */
  readonly sunsetAt: number;
}

export interface MintedToken extends GrantedToken {
  readonly claims: AccessTokenClaims;
  readonly keyId: string;
}

export interface MintPorts {
  readonly policy: TokenPolicy;
  readonly random: RandomSource;
  readonly signer: TokenSigner;
  readonly scopeClaims: Pick<ScopeClaims, "byScope">;
}

/**
 * Makes and signs the access token for a grant.
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2
 */
export async function mint(
  grant: Grant,
  now: number,
  { policy, random, signer, scopeClaims }: MintPorts,
): Promise<MintedToken> {
  const { client, secret } = grant;
  const issuedAt = Math.floor(now / 1000);
  const expiresIn = Math.min(client.accessTokenTtl ?? policy.accessTokenTtl, secondsLeft(client, issuedAt));
  const scope = formatScope(grant.scopes);
  const own: AccessTokenClaims = {
    iss: policy.issuer,
    sub: client.clientId, // RFC 9068 §2.2: the client, because no resource owner is involved
    client_id: client.clientId,
    aud: audienceOf(client, policy),
    iat: issuedAt,
    exp: issuedAt + expiresIn,
    jti: random.uuid(),
    scope,
    rvk: [client.handle, secret.handle],
    ...(client.workspace === null ? {} : { arid: workspaceArid(client.workspace) }),
  };
  const claims = withStaticClaims(own, grant, scopeClaims.byScope);
  const { token, keyId } = await signer.sign(claims, accessTokenType, claims.aud);
  return { accessToken: new Redacted(token), expiresIn, scope, claims, keyId };
}

/** Our own claims, with the static ones. Ours win over all others, the client's over a scope's, the first scope's over the next one's. */
function withStaticClaims(
  own: AccessTokenClaims,
  { client, scopes }: Grant,
  byScope: ReadonlyMap<string, StaticClaims>,
): AccessTokenClaims {
  if (byScope.size === 0 && !hasClaims(client.claims)) return own;
  const ofScopes = scopes.map((scope) => byScope.get(scope)).toReversed();
  return Object.assign({}, ...ofScopes, client.claims, own);
}

/**
 * A token must not outlive its client: APIs that receive it do not know when the client expires. Rounded up, because
 * callers cannot use a token that is valid for 0 seconds.
 */
const secondsLeft = ({ expiresAt }: TokenClient, issuedAt: number): number =>
  expiresAt === null ? Infinity : Math.ceil(expiresAt / 1000) - issuedAt;

/** The audience of a client's tokens, and of the tokens that it may introspect. */
export const audienceOf = ({ audience }: Pick<TokenClient, "audience">, policy: TokenPolicy): string =>
  audience === adminAudienceName ? adminAudience(policy.issuer) : (audience ?? policy.audience);
