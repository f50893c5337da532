import type { Guard } from "../guard.ts";
import { metadataUrl } from "../resource-metadata.ts";

/** What an API tells about itself in its metadata, besides its resource identifier and its issuer. */
export interface ResourceDetails {
  /** The scopes that clients can request for this API. */
  readonly scopes?: readonly string[] | undefined;
  /** A name for people. */
  readonly name?: string | undefined;
  /** The URL of a page for developers. */
  readonly documentation?: string | undefined;
}

/** Where an API's metadata is served, and the response. */
export interface MetadataResponse {
  /** The path on the API's own origin. */
  readonly path: string;
  /** The headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** The document, in JSON. */
  readonly body: string;
}

/** The response with an API's protected resource metadata. @throws {TypeError} The guard has no `resource`. */
export function metadataResponse(
  guard: Guard,
  { scopes = [], name, documentation }: ResourceDetails,
): MetadataResponse {
  const { resource } = guard;
  if (resource === undefined)
    throw new TypeError("The guard does not know the URL of your API. Pass `resource` to createGuard.");
  const document = {
    resource, // RFC 9728 §3.3: identical to the identifier that the client knows, so it is not normalised
    authorization_servers: [guard.issuer],
    ...(scopes.length > 0 && { scopes_supported: scopes }), // RFC 9728 §3.2: no empty lists
    bearer_methods_supported: ["header"],
    ...(name !== undefined && { resource_name: name }),
    ...(documentation !== undefined && { resource_documentation: documentation }),
  };
  const headers = {
    "Content-Type": "application/json",
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*", // for clients in browsers
  };
  return { path: new URL(metadataUrl(resource)).pathname, headers, body: JSON.stringify(document) };
}
