/** The schemas of the documents that the service publishes. */

const url = { type: "string", format: "uri" } as const;
const names = { type: "array", items: { type: "string" } } as const;

/** The members of RFC 8414 §2 that apply to this service. */
export const Metadata = {
  type: "object",
  description: "Authorization server metadata (RFC 8414).",
  required: [
    ...["issuer", "token_endpoint", "jwks_uri", "revocations_uri", "response_types_supported"],
    ...["grant_types_supported", "token_endpoint_auth_methods_supported", "service_documentation"],
    ...["revocation_endpoint", "revocation_endpoint_auth_methods_supported"],
    ...["introspection_endpoint", "introspection_endpoint_auth_methods_supported"],
    "introspection_signing_alg_values_supported",
    ...["subject_types_supported", "id_token_signing_alg_values_supported"],
  ],
  properties: {
    issuer: { ...url, description: "The `iss` of every token." },
    token_endpoint: { ...url, description: "The token endpoint." },
    jwks_uri: { ...url, description: "The keys that verify tokens." },
    revocations_uri: { ...url, description: "The revocation feed, for verifiers." },
    response_types_supported: { ...names, description: "Empty: there is no authorization endpoint.", maxItems: 0 },
    grant_types_supported: { ...names, description: "The grants of the token endpoint." },
    token_endpoint_auth_methods_supported: { ...names, description: "How clients may authenticate." },
    revocation_endpoint: { ...url, description: "Where a client revokes its own tokens (RFC 7009)." },
    revocation_endpoint_auth_methods_supported: { ...names, description: "How clients may authenticate there." },
    introspection_endpoint: { ...url, description: "Where an API asks about a token (RFC 7662)." },
    introspection_endpoint_auth_methods_supported: { ...names, description: "How clients may authenticate there." },
    introspection_signing_alg_values_supported: {
      ...names,
      description: "The algorithms of signed introspection responses (RFC 9701).",
    },
    service_documentation: { ...url, description: "The documentation of this API." },
    subject_types_supported: { ...names, description: "Always `public`. Parsers of OpenID metadata require it." },
    id_token_signing_alg_values_supported: {
      ...names,
      description: "The algorithms of the keys. There are no id tokens, but verifiers read the algorithms here.",
    },
  },
} as const;

export const PublicKey = {
  type: "object",
  description: "A public key (RFC 7517).",
  required: ["kty", "kid", "alg", "use"],
  properties: {
    kty: { type: "string", description: "The key type.", examples: ["EC", "OKP", "RSA", "AKP"] },
    kid: { type: "string", description: "The key id, as in the header of the tokens that it signed." },
    alg: { type: "string", description: "The algorithm of the key.", examples: ["ES256"] },
    use: { type: "string", const: "sig", description: "Keys here are for signatures only." },
    crv: { type: "string", description: "The curve of an EC or OKP key.", examples: ["P-256"] },
    x: { type: "string", description: "A coordinate of an EC key, or an OKP key, in base64url." },
    y: { type: "string", description: "A coordinate of an EC key, in base64url." },
    n: { type: "string", description: "The modulus of an RSA key, in base64url." },
    e: { type: "string", description: "The exponent of an RSA key, in base64url." },
    pub: { type: "string", description: "An ML-DSA key, in base64url (RFC 9964)." },
  },
  not: { anyOf: [{ required: ["d"] }, { required: ["priv"] }] }, // RFC 7518 §6.2.2 and RFC 9964 §3: the private part
} as const;

export const PublicKeySet = {
  type: "object",
  description: "A JSON Web Key Set (RFC 7517 section 5).",
  required: ["keys"],
  properties: { keys: { type: "array", minItems: 1, items: { $ref: "#/components/schemas/PublicKey" } } },
} as const;

export const Readiness = {
  type: "object",
  description: "Whether tokens can be issued, and if not, why.",
  required: ["status", "store"],
  additionalProperties: false,
  properties: {
    status: {
      type: "string",
      enum: ["ready", "degraded", "unavailable", "starting"],
      description:
        "`degraded`: the store is away, and clients in memory still get tokens. `starting`: the process waits for the store or loads its keys.",
    },
    draining: { type: "boolean", description: "Whether the process is stopping." },
    keys: { type: "boolean", description: "Whether there is a key to sign with." },
    store: { type: "boolean", description: "Whether the store answers." },
    journal: { type: "boolean", description: "Whether events can be recorded." },
    detail: { type: ["string", "null"], description: "Why the store cannot be used." },
    store_away_since: { type: "string", format: "date-time", description: "Since when the store is away." },
    grace_ends: {
      type: "string",
      format: "date-time",
      description: "Until when clients in memory get tokens if the store stays away.",
    },
  },
} as const;
