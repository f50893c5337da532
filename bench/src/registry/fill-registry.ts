import { dirname } from "node:path";
import type { Client } from "@carnet/core/client/client";
import { prepareClient } from "@carnet/core/client/register-client";
import { Redacted } from "@carnet/protocol/redacted";
import { createEventIds } from "@carnet/server/audit/event-ids";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { openStore } from "@carnet/server/store/open-store";
import { insertClients } from "@carnet/server/store/sql/client-store";
import { scope } from "../workload.ts";
import { clock, random } from "./real-ports.ts";

/** A client to register with an existing secret. */
export interface KnownClient {
  readonly id: string;
  readonly secret: string;
}

/** Clients per transaction. */
const batch = 10_000;

/** Registers clients in a SQLite store, which is created if needed. Other checkouts of the benchmark call it as well. */
export const fillRegistry = (
  storePath: string,
  clients: Iterable<KnownClient>,
  onProgress?: (done: number) => void,
): Promise<void> =>
  fillStore({ CARNET_DATA_DIR: dirname(storePath), CARNET_STORE: `sqlite:${storePath}` }, clients, onProgress);

/**
 * Registers clients in the store that these settings name. It uses the product's own registration and store code, with
 * larger transactions than the import. Only this file knows how.
 */
export async function fillStore(
  settings: Readonly<Record<string, string>>,
  clients: Iterable<KnownClient>,
  onProgress: (done: number) => void = () => {},
): Promise<void> {
  const environment = { ...settings, CARNET_SCOPE_CATALOGUE: "open" };
  const configuration = loadConfiguration({ mode: "dev", flags: {}, environment, file: undefined });
  const { db, dialect, hasher, scopes } = await openStore(configuration, clock, createEventIds(random));
  let waiting: Client[] = [];
  let done = 0;
  const write = async (): Promise<void> => {
    await db.transaction().execute((transaction) => insertClients(transaction, waiting, dialect));
    done += waiting.length;
    waiting = [];
    onProgress(done);
  };
  try {
    for (const { id, secret } of clients) {
      const registration = { client_id: id, scope, secret: { value: new Redacted(secret) } };
      const prepared = await prepareClient(registration, { clock, random, hasher, scopes });
      if (!prepared.ok) throw new Error(`client ${id}: ${prepared.error.detail}`);
      waiting.push(prepared.value.client);
      if (waiting.length === batch) await write();
    }
    if (waiting.length > 0) await write();
  } finally {
    await db.destroy();
  }
}
