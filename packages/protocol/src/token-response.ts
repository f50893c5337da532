import { type Static, Type } from "typebox";

/** The answer to a token request, as it stands on the wire: these four members and no other. */
export const TokenResponse = Type.Object(
  {
    access_token: Type.String({ description: "The bearer token. Opaque to the caller." }),
    expires_in: Type.Integer({ description: "How long the token is good for, in seconds.", examples: [600] }),
    scope: Type.String({ description: "What was really granted: scope names separated by spaces." }),
    token_type: Type.Literal("Bearer"),
  },
  { additionalProperties: false },
);
export type TokenResponse = Static<typeof TokenResponse>;

/** The answer to a refused token request, as it stands on the wire. */
export const ErrorResponse = Type.Object({
  error: Type.String({ description: "A code of RFC 6749 section 5.2, or temporarily_unavailable or server_error." }),
  error_description: Type.String({ description: "What was wrong and what to do next, in ASCII." }),
  error_uri: Type.Optional(Type.String({ description: "A page about the error." })),
});
export type ErrorResponse = Static<typeof ErrorResponse>;
