import type { Migration } from "kysely/migration";
import { initialSchema } from "./migrations/0001-initial.ts";
import { secretsByDigest } from "./migrations/0004-secrets-by-digest.ts";
import { noSecretPrefix } from "./migrations/0005-no-secret-prefix.ts";
import { audit } from "./migrations/0006-audit.ts";
import { teams } from "./migrations/0007-teams.ts";
import { revocations } from "./migrations/0008-revocations.ts";
import type { ColumnTypes } from "./sql-dialect.ts";

/** Every step from an empty database to the current schema, in order, for all databases. */
export const migrations = (columns: ColumnTypes): Record<string, Migration> => ({
  "0001-clients-and-keys": initialSchema(columns),
  // Empty: databases from before the first release have run them, and 0001 now creates their tables
  "0002-administration": { up: async () => {} },
  "0003-quick-reading": { up: async () => {} },
  "0004-secrets-by-digest": secretsByDigest,
  "0005-no-secret-prefix": noSecretPrefix,
  "0006-audit": audit(columns),
  "0007-teams": teams(columns),
  "0008-revocations": revocations(columns),
});
