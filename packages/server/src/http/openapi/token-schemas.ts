import type * as introspection from "@carnet/protocol/introspection-response";
import type * as requests from "@carnet/protocol/token-request";
import type * as responses from "@carnet/protocol/token-response";
import { Type } from "typebox";

/** The messages of the operations in which a client authenticates itself. The compiler checks each schema against its wire type. */

type Members<Message> = { readonly [Name in keyof Message]-?: Type.TSchema };

const credential = (type: object = {}) =>
  Type.Optional(Type.String({ description: "Required unless the Authorization header has it.", ...type }));

export const TokenRequest = Type.Object({
  grant_type: Type.Literal("client_credentials"),
  client_id: credential(),
  client_secret: credential({ format: "password" }),
  scope: Type.Optional(
    Type.String({
      description: "Scope names separated by spaces. Without it, every scope that the client is registered for.",
      examples: ["file:read file:write"],
    }),
  ),
} satisfies Members<requests.TokenRequest>);

export const TokenResponse = Type.Object(
  {
    access_token: Type.String({ description: "The bearer token. Opaque to the caller." }),
    expires_in: Type.Integer({ description: "The lifetime of the token, in seconds.", examples: [600] }),
    scope: Type.String({ description: "The scopes that were granted, separated by spaces." }),
    token_type: Type.Literal("Bearer"),
  } satisfies Members<responses.TokenResponse>,
  { additionalProperties: false },
);

export const TokenQuery = Type.Object({
  token: Type.String({ description: "The access token." }),
  token_type_hint: Type.Optional(Type.String({ description: "Has no effect: all tokens are access tokens." })),
  client_id: credential(),
  client_secret: credential({ format: "password" }),
});

const ActiveToken = Type.Object(
  {
    active: Type.Literal(true),
    iss: Type.String({ description: "The issuer." }),
    sub: Type.String({ description: "The client." }),
    aud: Type.String({ description: "The API that the token is for." }),
    client_id: Type.String({ description: "The client." }),
    scope: Type.String({ description: "The scopes of the token, separated by spaces." }),
    exp: Type.Integer({ description: "When the token expires, in seconds since the epoch." }),
    iat: Type.Integer({ description: "When the token was issued, in seconds since the epoch." }),
    jti: Type.String({ description: "The id of the token." }),
    token_type: Type.Literal("Bearer"),
    username: Type.Optional(Type.String({ description: "The username of the client, if it has one." })),
    arid: Type.Optional(Type.String({ description: "Identifies the workspace of the client, if it has one." })),
  } satisfies Members<introspection.ActiveToken>,
  {
    description: "Has the static claims of the token besides.",
  },
);

const InactiveToken = Type.Object({ active: Type.Literal(false) } satisfies Members<introspection.InactiveToken>, {
  additionalProperties: false,
});

export const IntrospectionResponse = Type.Union([ActiveToken, InactiveToken]);

export const ErrorResponse = Type.Object({
  error: Type.String({ description: "A code of RFC 6749 section 5.2, or temporarily_unavailable or server_error." }),
  error_description: Type.String({ description: "What was wrong and what to do next, in ASCII." }),
  error_uri: Type.Optional(Type.String({ description: "A page about the error." })),
} satisfies Members<responses.ErrorResponse>);
