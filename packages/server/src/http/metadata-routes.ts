import { createHash } from "node:crypto";
import type { PublicJwk } from "@carnet/core/key/key-ring";
import type { TokenPolicy } from "@carnet/core/token/mint";
import { paths } from "@carnet/protocol/endpoints";
import { authorizationServerMetadata } from "@carnet/protocol/metadata";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VerificationKeys } from "../crypto/key-ring.ts";
import { lazy } from "./lazy.ts";

/** How long callers may use the metadata and the documents before they ask for them again. */
const cacheControl = "public, max-age=300";

interface MetadataPorts {
  readonly token: { readonly policy: Pick<TokenPolicy, "issuer"> };
  readonly keys: Pick<VerificationKeys, "published">;
  readonly jwksMaxAge: number;
}

/** Publishes the addresses of the endpoints and the keys that verify tokens. */
export function addMetadataRoutes(app: FastifyInstance, { token, keys, jwksMaxAge }: MetadataPorts): void {
  const metadata = () => authorizationServerMetadata(token.policy.issuer, algorithmsOf(keys.published));
  // Made for each request, because the keys can change
  const publish = (path: string, type: string, make: () => object, caching = cacheControl) =>
    app.get(path, async (request, reply) => {
      // Web pages of any origin may verify tokens, and nothing here depends on who asks
      reply.header("Access-Control-Allow-Origin", "*");
      return sendDocument(request, reply, tagged(type, JSON.stringify(make()), caching));
    });
  publish(paths.authorizationServerMetadata, "application/json", metadata);
  publish(paths.openidConfiguration, "application/json", metadata); // not OpenID Connect, but many clients look for RFC 8414 metadata only here
  const keysCaching = `public, max-age=${Math.floor(jwksMaxAge / 1000)}`;
  publish(paths.jwks, "application/jwk-set+json", () => ({ keys: keys.published }), keysCaching); // RFC 7517 §8.5.2
}

/** The algorithms of the keys, each once. */
const algorithmsOf = (keys: readonly PublicJwk[]): readonly string[] => [
  ...new Set(keys.flatMap(({ alg }) => (alg === undefined ? [] : [alg]))),
];

/** A published document. */
interface Document {
  readonly type: string;
  make(): Promise<string>;
}

/**
 * Serves a document with an entity tag. It is made on first use and never changes. All answers share its bytes, so a
 * caller that never reads holds no copy.
 */
export function addDocument(app: FastifyInstance, path: string, { type, make }: Document): void {
  const document = lazy(async () => tagged(type, await make()));
  app.get(path, async (request, reply) => sendDocument(request, reply, await document()));
}

/** Adds the entity tag. */
function tagged(type: string, text: string, caching = cacheControl): TaggedDocument {
  const body = Buffer.from(text);
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { type, body, etag, cacheControl: caching };
}

interface TaggedDocument {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly cacheControl: string;
}

/** Sends a document, or 304 to a caller that has it. */
export function sendDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, body, etag, cacheControl }: TaggedDocument,
): FastifyReply {
  reply.headers({ "Cache-Control": cacheControl, ETag: etag, "X-Content-Type-Options": "nosniff" });
  if (isKnown(etag, request.headers["if-none-match"])) return reply.code(304).send();
  return reply.header("Content-Type", type).send(body);
}

/** Whether an `If-None-Match` names the tag. @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
export function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  const known = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known?.some((tag) => tag === etag || tag === "*") ?? false;
}
