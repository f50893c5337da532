import { type Static, Type } from "typebox";
import { optional } from "./nullable.ts";

/** The scope catalogue in the admin API. */
export const Scope = Type.Object({
  name: Type.String(),
  description: Type.String(),
  claims: Type.Record(Type.String(), Type.Unknown(), {
    description: "Static claims of the tokens that are granted the scope.",
  }),
});
export type Scope = Static<typeof Scope>;

export const ScopeList = Type.Object({ scopes: Type.Array(Scope) });

export const ScopeDescription = Type.Object(
  {
    description: Type.String({ description: "What the scope allows." }),
    claims: optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          "Static claims of the tokens that are granted the scope: all of them, not a change. Not secret. Absent: they stay as they are. null: none.",
        examples: [{ tier: "gold" }],
      }),
    ),
  },
  { additionalProperties: false },
);
export type ScopeDescription = Static<typeof ScopeDescription>;
