import { type Static, Type } from "typebox";
import { nullable } from "./nullable.ts";
import { deadlines } from "./pepper-deadlines.ts";

/** The pepper, which is the key of the digests of client secrets, and its rotation in the admin API. */

const time = (description: string) => Type.String({ description, format: "date-time" });

export const PepperRotation = Type.Object(
  {
    deadline_in: Type.Integer({
      description: `After so many seconds, secrets end that were not used since: from ${deadlines.shortest} to ${deadlines.longest}.`,
      examples: [7_776_000],
    }),
  },
  { additionalProperties: false },
);
export type PepperRotation = Static<typeof PepperRotation>;

export const PepperStatus = Type.Object({
  peppers: Type.Array(
    Type.Object({
      pepper_id: Type.String({ description: "`first`: the one that the store began with." }),
      state: Type.String({
        enum: ["upcoming", "current", "old", "ended"],
        description:
          "`upcoming`: known to every node, and used from `used_from`. `current`: used for new digests. `old`: secrets move away from it. `ended`: nothing is found under it any more.",
      }),
      created_at: time("When it was made."),
      used_from: time("From when new digests are made under it."),
      ends_at: nullable(time("The deadline of its rotation. null: it was not rotated.")),
      deleted: Type.Boolean({ description: "Whether its key is gone." }),
    }),
    { description: "In the order in which they are used." },
  ),
  rotation: nullable(
    Type.Object(
      {
        deadline: time("When secrets end that have not moved."),
        moved: Type.Integer({ description: "How many usable secrets are under the new pepper." }),
        to_move: Type.Integer({ description: "How many usable secrets are under the old one." }),
      },
      { description: "The rotation in progress. null: there is none." },
    ),
  ),
});
export type PepperStatus = Static<typeof PepperStatus>;

export const UnmovedSecrets = Type.Object({
  secrets: Type.Array(
    Type.Object({
      secret_id: Type.String(),
      client_id: Type.String(),
      label: nullable(Type.String()),
      last_used_at: nullable(Type.String({ format: "date-time", description: "The last use, under the old pepper." })),
    }),
    { description: "In the order of their ids." },
  ),
  next: nullable(Type.String({ description: "The `cursor` of the next page." })),
});
export type UnmovedSecrets = Static<typeof UnmovedSecrets>;

export const UnmovedFilter = Type.Object(
  {
    limit: Type.Optional(
      Type.String({ description: "The page size, from 1 to 1000. Default: 100.", pattern: "^([1-9][0-9]{0,2}|1000)$" }),
    ),
    cursor: Type.Optional(Type.String({ description: "`next` of the previous page." })),
  },
  { additionalProperties: false },
);
export type UnmovedFilter = Static<typeof UnmovedFilter>;
