import { type Static, Type } from "typebox";

/** Explaining a refused request in the admin API. */

export const ExplainedRequest = Type.Object(
  {
    request_id: Type.String({
      description: "The `X-Request-ID` of the answer: 1 to 128 visible ASCII characters.",
      examples: ["4f2c1d0e-8a55-4a53-9d0c-52f0a3c6a4f1"],
    }),
  },
  { additionalProperties: false },
);
export type ExplainedRequest = Static<typeof ExplainedRequest>;

const Event = Type.Record(Type.String(), Type.Unknown(), { description: "An event, as in the journal." });

export const Explanation = Type.Object({
  request_id: Type.String(),
  what: Type.String({ description: "What was asked, by whom, from where and when." }),
  why: Type.String({ description: "Why it was refused, or that it was not." }),
  since: Type.Union([Type.String(), Type.Null()], {
    description: "What has happened to the client since. null: nothing that is known.",
  }),
  next: Type.Array(Type.String(), { description: "What to do, with commands in backticks." }),
  event: Event,
  others: Type.Array(Event, {
    description:
      "Other events with the same request id, at most 19, because callers can choose the id. Changes first, then those of proven callers; the newest first.",
  }),
});
export type Explanation = Static<typeof Explanation>;
