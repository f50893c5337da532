import { type Static, Type } from "typebox";
import { Client, Secret } from "./clients.ts";

const { client_id, client_name, scope, expires_at } = Client.properties;

/** The admin client that asks, and what it may do. */
export const Whoami = Type.Object({
  client_id,
  client_name,
  role: Type.String({ enum: ["admin", "operator", "auditor"] }),
  owners: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: "The owners that the role is bound to. null: all owners.",
  }),
  scope,
  expires_at,
  secret: Type.Union([Secret, Type.Null()], {
    description: "The secret that the token was requested with. null: it was deleted since.",
  }),
  operations: Type.Array(Type.String(), {
    description: "The operations that its role and scopes allow. A token can have fewer scopes.",
  }),
  contact: Type.String({ description: "Whom to ask for another role." }),
});
export type Whoami = Static<typeof Whoami>;
