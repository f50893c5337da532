import { randomBytes, randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { ownAuthority } from "@carnet/core/admin/permission";
import type { EventStore } from "@carnet/core/audit/event-store";
import { cliOrigin } from "@carnet/core/audit/recorder";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { RegistrationPorts } from "@carnet/core/client/register-client";
import type { Clock } from "@carnet/core/ports";
import type { RevocationStore } from "@carnet/core/revocation/revocation-store";
import { createEventIds } from "@carnet/server/audit/event-ids";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { openStore } from "@carnet/server/store/open-store";
import { FixedClock } from "./fixed-clock.ts";

/** A store as the service opens it, without a service. */
export interface TestRegistry extends RegistrationPorts {
  readonly store: ClientStore;
  readonly events: EventStore;
  readonly revocations: RevocationStore;
  close(): Promise<void>;
}

/**
 * Opens the SQLite store at a path, with the master key in the same folder, or the PostgreSQL store at a URL, with the
 * master key that is given. Creates what is missing. Accepts any scope.
 */
export async function openTestRegistry(
  place: string,
  clock: Clock = new FixedClock("2026-11-21T12:00:00Z"),
  masterKey?: string,
): Promise<TestRegistry> {
  const isUrl = place.startsWith("postgres://");
  const environment = masterKey === undefined ? {} : { CARNET_MASTER_KEY: masterKey };
  const folder = isUrl ? tmpdir() : dirname(place);
  const flags = { dataDir: folder, store: isUrl ? place : `sqlite:${place}`, scopeCatalogue: "open" };
  const configuration = loadConfiguration({ mode: "dev", flags, environment, file: undefined });
  const eventIds = createEventIds({ bytes: (length) => randomBytes(length) });
  const storage = await openStore(configuration, clock, eventIds);
  const { db, store, scopes, owners, hasher, events, revocations } = storage;
  const random = { bytes: (length: number) => randomBytes(length), uuid: () => randomUUID() };
  const recorder = { record: () => {} };
  const origin = cliOrigin("client_created");
  return {
    ...{ clock, random, hasher, store, scopes, owners, recorder, eventIds, origin, events, revocations },
    ...{ authority: ownAuthority, accessTokenTtl: configuration.accessTokenTtl },
    close: () => db.destroy(),
  };
}
