import { Type } from "typebox";

/** A value, or null. */
export const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** A member that may be missing or null. */
export const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(nullable(schema));
