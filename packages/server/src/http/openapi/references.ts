export const ref = (schema: string) => ({ $ref: `#/components/schemas/${schema}` });

/** The schema of an error with this code, or one of these. */
export const errorSchema = (code: { const: string } | { enum: readonly string[] }) => ({
  allOf: [ref("ErrorResponse"), { type: "object", properties: { error: code } }],
});
