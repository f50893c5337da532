import type { Clock } from "@carnet/core/ports";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import type { Configuration } from "../configuration/load-configuration.ts";
import { obtainMasterKey } from "../configuration/master-key.ts";
import { createSealer } from "../crypto/sealer.ts";
import { createSecretHasher } from "../crypto/secret-hasher.ts";
import { createStandInDraw } from "../crypto/stand-in-draw.ts";
import { isSealed, openSealedKeys } from "./sealed-keys.ts";
import { createSqlAnswerStore } from "./sql-answer-store.ts";
import { createSqlClientStore } from "./sql-client-store.ts";
import { createSqlScopeStore } from "./sql-scope-store.ts";
import { openSqlite } from "./sqlite/open-sqlite.ts";
import { watchStore } from "./watch-store.ts";

/** Opens the database and everything that stands on it. Throws an OperatorFault for whatever is in the way. */
export async function openBacking(configuration: Configuration, clock: Clock) {
  const db = await openSqlite(configuration.store.path, configuration.storeTimeout);
  try {
    const sealer = createSealer(obtainMasterKey(configuration, await isSealed(db)));
    const { pepper, signingKeys } = await openSealedKeys(db, sealer, clock);
    return {
      db,
      sealer,
      signingKeys,
      store: watchStore(createSqlClientStore(db, { clock, drawStandIn: createStandInDraw(pepper.reveal()) })),
      scopes: new ScopeCatalogue(createSqlScopeStore(db), configuration.scopeCatalogue === "open"),
      answers: createSqlAnswerStore(db, clock),
      hasher: createSecretHasher(pepper.reveal()),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
