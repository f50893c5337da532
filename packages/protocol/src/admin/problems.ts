import { type Static, Type } from "typebox";

/** A problem on the wire. @see https://www.rfc-editor.org/rfc/rfc9457#section-3 */
export const Problem = Type.Object(
  {
    type: Type.String({ description: "`urn:carnet:problem:` and the kind of the problem." }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: "What was wrong and what to do next." }),
    request_id: Type.String(),
    owner: Type.Optional(Type.String({ description: "The owner whose policy refused." })),
    contact: Type.Optional(
      Type.String({ description: "Whom to ask: the contact of that owner, or of the service for another role." }),
    ),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({
            description: "A JSON pointer into the body (RFC 6901), or `/name` for a parameter of the URL.",
          }),
          detail: Type.String(),
        }),
      ),
    ),
  },
  { description: "Why a request was refused (RFC 9457)." },
);
export type Problem = Static<typeof Problem>;

export type FieldProblem = NonNullable<Problem["errors"]>[number];
