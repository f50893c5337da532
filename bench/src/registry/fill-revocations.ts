import { dirname } from "node:path";
import { endOfTokenRevocation } from "@carnet/core/revocation/revocation";
import { type ClientId, parseClientId } from "@carnet/protocol/ids";
import { createEventIds } from "@carnet/server/audit/event-ids";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { hashTokenId } from "@carnet/server/crypto/hash-token-id";
import { openStore } from "@carnet/server/store/open-store";
import { insertChunks } from "@carnet/server/store/sql/insert-chunks";
import { clock, random } from "./real-ports.ts";

/** A client revokes at most a hundred single tokens before a cut-off takes their place. */
const tokensPerClient = 100;

/** Fills a store with revocations of single tokens, which take the most room in the feed. They live for an hour. */
export async function fillRevocations(storePath: string, revocations: number): Promise<void> {
  const flags = { dataDir: dirname(storePath), store: `sqlite:${storePath}` };
  const configuration = loadConfiguration({ mode: "dev", flags, environment: {}, file: undefined });
  const { db, dialect } = await openStore(configuration, clock, createEventIds(random));
  const now = clock.now();
  const rows = Array.from({ length: revocations }, (_, number) => ({
    ...{ kind: "token", subject: hashTokenId(random.uuid()), issued_until: null, revoked_at: now },
    ...{ client_id: clientOf(number), ends_at: endOfTokenRevocation(now / 1000 + 3600) },
  }));
  try {
    await db
      .transaction()
      .execute((transaction) =>
        insertChunks(rows, dialect, (some) => transaction.insertInto("revocations").values(some).execute()),
      );
  } finally {
    await db.destroy();
  }
}

function clientOf(number: number): ClientId {
  const id = parseClientId(`client-${Math.floor(number / tokensPerClient)}`);
  if (!id.ok) throw new Error("the id of the client is malformed");
  return id.value;
}
