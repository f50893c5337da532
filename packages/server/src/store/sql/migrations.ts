import type { Migration } from "kysely/migration";
import { initialSchema } from "./migrations/0001-initial.ts";
import { secretsByDigest } from "./migrations/0004-secrets-by-digest.ts";
import { noSecretPrefix } from "./migrations/0005-no-secret-prefix.ts";
import { audit } from "./migrations/0006-audit.ts";
import { teams } from "./migrations/0007-teams.ts";
import { revocations } from "./migrations/0008-revocations.ts";
import { compatibility } from "./migrations/0009-compatibility.ts";
import { keyRing } from "./migrations/0010-key-ring.ts";
import { claims } from "./migrations/0011-claims.ts";
import { peppers } from "./migrations/0012-peppers.ts";
import { dataKeys } from "./migrations/0013-data-keys.ts";
import type { ColumnTypes } from "./sql-dialect.ts";

/**
 * A step to the next schema. From 0009 on it only adds: tables, indexes, and columns that are nullable or have a default.
 * What the code no longer needs is removed one release later, so that the previous release keeps working meanwhile.
 */
export interface SchemaStep extends Migration {
  /** The newest step of the oldest release that works on this schema. Default: the step before. */
  readonly worksWith?: string;
}

/** Every step from an empty database to the current schema, in order, for all databases. */
export const schemaSteps = (columns: ColumnTypes): Readonly<Record<string, SchemaStep>> => ({
  "0001-clients-and-keys": initialSchema(columns),
  // Empty: databases from before the first release have run them, and 0001 now creates their tables
  "0002-administration": { up: async () => {} },
  "0003-quick-reading": { up: async () => {} },
  "0004-secrets-by-digest": secretsByDigest(columns),
  "0005-no-secret-prefix": noSecretPrefix,
  "0006-audit": audit(columns),
  "0007-teams": teams(columns),
  "0008-revocations": revocations(columns),
  "0009-compatibility": compatibility(columns),
  "0010-key-ring": keyRing(columns),
  "0011-claims": claims(columns),
  "0012-peppers": peppers(columns),
  "0013-data-keys": dataKeys(columns),
});
