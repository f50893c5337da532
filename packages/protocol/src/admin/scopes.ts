import { type Static, Type } from "typebox";

/** The scope catalogue in the admin API. */
export const Scope = Type.Object({ name: Type.String(), description: Type.String() });
export type Scope = Static<typeof Scope>;

export const ScopeList = Type.Object({ scopes: Type.Array(Scope) });

export const ScopeDescription = Type.Object(
  { description: Type.String({ description: "What the scope allows." }) },
  { additionalProperties: false },
);
