/** An issuer in memory, for the tests of APIs: `@carnet/guard/testing`. */
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { hashTokenId } from "./revocation-list.ts";

/** The options of `createTestIssuer`. */
export interface TestIssuerOptions {
  /** The `iss` of its tokens. Default: `https://issuer.test`. */
  readonly issuer?: string | undefined;
  /** The `aud` of its tokens. Default: `https://api.test`. */
  readonly audience?: string | undefined;
  /** An asymmetric algorithm. Default: `ES256`. */
  readonly algorithm?: string | undefined;
  /** The time in milliseconds since 1970. Default: the platform's clock. */
  readonly clock?: (() => number) | undefined;
}

/** What a token should say. */
export interface TestToken {
  /** Default: none. */
  readonly scopes?: readonly string[] | undefined;
  /** The client that it is issued to. Default: `test-client`. */
  readonly clientId?: string | undefined;
  /** Default: 600. A negative number makes an expired token. */
  readonly expiresInSeconds?: number | undefined;
  /** More claims, or others. A claim that is undefined is left out. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** Another header, such as `{ typ: "JWT" }`. */
  readonly header?: Readonly<Record<string, unknown>> | undefined;
}

/** What to revoke: one token, all tokens of a client until now, or everything that was issued until now. */
export type TestRevocation = { readonly tokenId: string } | { readonly clientId: string } | "everything";

/**
 * An issuer whose metadata, keys, revocation feed and introspection are served by its `fetch`, without a socket. It has the
 * options that a guard needs: `createGuard(issuer)`.
 */
export interface TestIssuer {
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** The `aud` of its tokens. */
  readonly audience: string;
  /** Its clock. */
  readonly clock: () => number;
  /** Answers the requests of a guard. Rejects requests to other servers. */
  readonly fetch: typeof fetch;
  /** Issues an access token. */
  issue(token?: TestToken): Promise<string>;
  /** Issues a token that only its introspection can read. */
  issueOpaque(token?: TestToken): Promise<string>;
  /** Revokes tokens. A guard notices within a second. */
  revoke(what: TestRevocation): Promise<void>;
  /** Signs with a new key. The old ones stay published unless they are revoked. */
  rotateKeys(options?: { readonly revokeOld: boolean }): Promise<void>;
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Creates an issuer in memory. Its tokens are signed, so a guard checks all that it checks in production. */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const {
    issuer = "https://issuer.test",
    audience = "https://api.test",
    algorithm = "ES256",
    clock = Date.now,
  } = options;
  const seconds = (): number => clock() / 1000;
  let keys = [await makeKey(algorithm)];
  const opaque = new Map<string, Readonly<Record<string, unknown>>>();
  const revoked = {
    tokens: [] as string[],
    handles: [] as string[],
    keys: [] as string[],
    until: null as number | null,
  };
  const handles = new Map<string, string>();

  const handleOf = (clientId: string): string => {
    const handle = handles.get(clientId) ?? randomHandle();
    handles.set(clientId, handle);
    return handle;
  };
  const claimsOf = ({ scopes = [], clientId = "test-client", expiresInSeconds = 600, claims }: TestToken) => {
    const iat = Math.floor(seconds());
    const own = { iss: issuer, sub: clientId, client_id: clientId, aud: audience, iat, exp: iat + expiresInSeconds };
    const rvk = [handleOf(clientId), "test-secret"];
    return { ...own, jti: crypto.randomUUID(), scope: scopes.join(" "), rvk, ...claims };
  };
  const sign = (claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>>) => {
    const [{ kid, privateKey }] = keys as [SigningKey];
    return new SignJWT({ ...claims }).setProtectedHeader({ alg: algorithm, kid, ...header }).sign(privateKey);
  };
  const introspect = (body: unknown) => {
    const claims = opaque.get(new URLSearchParams(String(body)).get("token") ?? "");
    const isActive = claims !== undefined && Number(claims["exp"]) > seconds();
    return Response.json(isActive ? { active: true, ...claims } : { active: false });
  };
  const feed = async () => {
    const { until, ...lists } = revoked;
    const claims = { iss: issuer, iat: seconds(), exp: seconds() + 30, ...lists, cut_offs: {}, issued_until: until };
    return new Response(await sign(claims, { typ: "revocations+jwt" }));
  };
  const answers: Readonly<Record<string, (body: unknown) => Response | Promise<Response>>> = {
    "/.well-known/oauth-authorization-server": () => Response.json(metadataOf(issuer)),
    "/oauth2/jwks": () => Response.json({ keys: keys.map(({ publicJwk }) => publicJwk) }),
    "/oauth2/revocations": feed,
    "/oauth2/introspect": introspect,
  };

  return {
    issuer,
    audience,
    clock,
    async fetch(input, init) {
      const url = String(input instanceof Request ? input.url : input);
      const answer = url.startsWith(issuer) ? answers[url.slice(issuer.length)] : undefined;
      return answer?.(init?.body) ?? new Response(null, { status: 404 });
    },
    issue: (token = {}) => sign(claimsOf(token), { typ: "at+jwt", ...token.header }),
    async issueOpaque(token = {}) {
      const text = crypto.randomUUID();
      opaque.set(text, claimsOf(token));
      return text;
    },
    async revoke(what) {
      if (what === "everything") revoked.until = Math.floor(seconds());
      else if ("tokenId" in what) revoked.tokens.push(await hashTokenId(what.tokenId));
      else {
        revoked.handles.push(handleOf(what.clientId));
        handles.delete(what.clientId);
      }
    },
    async rotateKeys({ revokeOld = false } = { revokeOld: false }) {
      if (revokeOld) revoked.keys.push(...keys.map(({ kid }) => kid));
      keys = [await makeKey(algorithm), ...(revokeOld ? [] : keys)];
    },
  };
}

const metadataOf = (issuer: string) => ({
  issuer,
  jwks_uri: `${issuer}/oauth2/jwks`,
  revocations_uri: `${issuer}/oauth2/revocations`,
  introspection_endpoint: `${issuer}/oauth2/introspect`,
});

/** 11 characters, as Carnet's handles. */
const randomHandle = (): string => crypto.randomUUID().replaceAll("-", "").slice(0, 11);

async function makeKey(alg: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const kid = crypto.randomUUID();
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}
