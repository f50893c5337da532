import { paths } from "./endpoints.ts";

const authMethods = ["client_secret_basic", "client_secret_post"] as const;

/**
 * The authorization server metadata, given the algorithms of the published keys.
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-2
 */
export const authorizationServerMetadata = (issuer: string, algorithms: readonly string[]) =>
  ({
    issuer,
    token_endpoint: `${issuer}${paths.token}`,
    jwks_uri: `${issuer}${paths.jwks}`,
    revocations_uri: `${issuer}${paths.revocations}`, // not registered: only our own verifiers know it
    // RFC 8414 §2: required, and empty without an authorization endpoint
    response_types_supported: [],
    grant_types_supported: ["client_credentials"],
    token_endpoint_auth_methods_supported: authMethods,
    revocation_endpoint: `${issuer}${paths.revoke}`,
    revocation_endpoint_auth_methods_supported: authMethods,
    introspection_endpoint: `${issuer}${paths.introspect}`,
    introspection_endpoint_auth_methods_supported: authMethods,
    introspection_signing_alg_values_supported: algorithms, // RFC 9701 §7
    service_documentation: `${issuer}${paths.docs}`,
    // Parsers of OpenID Connect Discovery 1.0 §3 refuse a document without these two: see test/interop/metadata-rules.test.ts
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: algorithms,
  }) as const;
