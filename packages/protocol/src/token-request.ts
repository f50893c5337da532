import { type Static, Type } from "typebox";

/** A token request as a caller writes it, in a form or as JSON. */
export const TokenRequest = Type.Object({
  grant_type: Type.Literal("client_credentials"),
  client_id: Type.Optional(Type.String({ description: "Needed unless the Authorization header carries it." })),
  client_secret: Type.Optional(
    Type.String({ description: "Needed unless the Authorization header carries it.", format: "password" }),
  ),
  scope: Type.Optional(
    Type.String({
      description: "Scope names separated by spaces. Without it, all that the client is registered for.",
      examples: ["file:read file:write"],
    }),
  ),
});
export type TokenRequest = Static<typeof TokenRequest>;
