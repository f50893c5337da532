import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { hashTokenId } from "../revocation-list.ts";

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
  const memory = new IssuerMemory({ issuer, audience, algorithm, clock }, await makeKey(algorithm));
  return {
    issuer,
    audience,
    clock,
    fetch: (input, init) => memory.answer(String(input instanceof Request ? input.url : input), init?.body),
    issue: (token = {}) => memory.sign(memory.claimsOf(token), { typ: "at+jwt", ...token.header }),
    issueOpaque: async (token = {}) => memory.keep(memory.claimsOf(token)),
    revoke: (what) => memory.revoke(what),
    rotateKeys: async (how) => memory.rotateKeys(await makeKey(algorithm), how?.revokeOld === true),
  };
}

type Settings = { readonly [Name in keyof TestIssuerOptions]-?: NonNullable<TestIssuerOptions[Name]> };
type Claims = Readonly<Record<string, unknown>>;

/** What the issuer knows. */
class IssuerMemory {
  readonly #settings: Settings;
  #signingKey: SigningKey;
  #published: readonly SigningKey[];
  readonly #opaque = new Map<string, Claims>();
  /** The revocation handle of each client. */
  readonly #handles = new Map<string, string>();
  readonly #revoked = { tokens: [] as string[], handles: [] as string[], keys: [] as string[] };
  #issuedUntil: number | null = null;

  constructor(settings: Settings, key: SigningKey) {
    this.#settings = settings;
    this.#signingKey = key;
    this.#published = [key];
  }

  /** Answers a request as the issuer's server would. */
  async answer(url: string, body: unknown): Promise<Response> {
    const { issuer } = this.#settings;
    if (url === `${issuer}/.well-known/oauth-authorization-server`) return Response.json(metadataOf(issuer));
    if (url === `${issuer}/oauth2/jwks`) return Response.json({ keys: this.#published.map((key) => key.publicJwk) });
    if (url === `${issuer}/oauth2/revocations`) return new Response(await this.#feed());
    if (url === `${issuer}/oauth2/introspect`) return Response.json(this.#introspect(String(body)));
    return new Response(null, { status: 404 });
  }

  claimsOf({ scopes = [], clientId = "test-client", expiresInSeconds = 600, claims }: TestToken): Claims {
    const { issuer, audience } = this.#settings;
    const iat = Math.floor(this.#now());
    const own = { iss: issuer, sub: clientId, client_id: clientId, aud: audience, iat, exp: iat + expiresInSeconds };
    const rvk = [this.#handleOf(clientId), "test-secret"];
    return { ...own, jti: crypto.randomUUID(), scope: scopes.join(" "), rvk, ...claims };
  }

  sign(claims: Claims, header: Claims): Promise<string> {
    const { kid, privateKey } = this.#signingKey;
    const protectedHeader = { alg: this.#settings.algorithm, kid, ...header };
    return new SignJWT({ ...claims }).setProtectedHeader(protectedHeader).sign(privateKey);
  }

  keep(claims: Claims): string {
    const token = crypto.randomUUID();
    this.#opaque.set(token, claims);
    return token;
  }

  async revoke(what: TestRevocation): Promise<void> {
    if (what === "everything") this.#issuedUntil = Math.floor(this.#now());
    else if ("tokenId" in what) this.#revoked.tokens.push(await hashTokenId(what.tokenId));
    else {
      this.#revoked.handles.push(this.#handleOf(what.clientId));
      this.#handles.delete(what.clientId); // Tokens that are issued from now on have another handle
    }
  }

  rotateKeys(key: SigningKey, revokeOld: boolean): void {
    if (revokeOld) this.#revoked.keys.push(...this.#published.map(({ kid }) => kid));
    this.#published = revokeOld ? [key] : [key, ...this.#published];
    this.#signingKey = key;
  }

  #feed(): Promise<string> {
    const [iss, iat] = [this.#settings.issuer, this.#now()];
    const claims = { iss, iat, exp: iat + 30, ...this.#revoked, cut_offs: {}, issued_until: this.#issuedUntil };
    return this.sign(claims, { typ: "revocations+jwt" });
  }

  #introspect(form: string): Claims {
    const claims = this.#opaque.get(new URLSearchParams(form).get("token") ?? "");
    const isActive = claims !== undefined && Number(claims["exp"]) > this.#now();
    return isActive ? { active: true, ...claims } : { active: false };
  }

  #handleOf(clientId: string): string {
    const handle = this.#handles.get(clientId) ?? randomHandle();
    this.#handles.set(clientId, handle);
    return handle;
  }

  #now(): number {
    return this.#settings.clock() / 1000;
  }
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
