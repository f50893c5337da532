import { randomBytes, randomUUID } from "node:crypto";
import { dirname } from "node:path";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { RegistrationPorts } from "@carnet/core/client/register-client";
import type { Clock } from "@carnet/core/ports";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { openStore } from "@carnet/server/store/open-store";
import { FixedClock } from "./fixed-clock.ts";

/** A store as the service opens it, without a service. */
export interface TestRegistry extends RegistrationPorts {
  readonly store: ClientStore;
  close(): Promise<void>;
}

/** Opens the SQLite store at a path, with the master key in the same folder. Creates both if missing. Accepts any scope. */
export async function openTestRegistry(
  path: string,
  clock: Clock = new FixedClock("2026-11-21T12:00:00Z"),
): Promise<TestRegistry> {
  const flags = { dataDir: dirname(path), store: `sqlite:${path}`, scopeCatalogue: "open" };
  const storage = await openStore(loadConfiguration({ mode: "dev", flags, environment: {}, file: undefined }), clock);
  const { db, store, scopes, hasher } = storage;
  const random = { bytes: (length: number) => randomBytes(length), uuid: () => randomUUID() };
  return { clock, random, hasher, store, scopes, close: () => db.destroy() };
}
