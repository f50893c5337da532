import type { Migration } from "kysely";
import type { ColumnTypes } from "./column-types.ts";
import { clientsAndKeys } from "./migrations/0001-clients-and-keys.ts";
import { administration } from "./migrations/0002-administration.ts";
import { quickReading } from "./migrations/0003-quick-reading.ts";

/** Every step from an empty database to today's schema, in order. Written once for all databases. */
export const migrations = (columns: ColumnTypes): Record<string, Migration> => ({
  "0001-clients-and-keys": clientsAndKeys(columns),
  "0002-administration": administration(columns),
  "0003-quick-reading": quickReading(columns),
});
