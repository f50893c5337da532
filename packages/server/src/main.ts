import { randomBytes, randomUUID } from "node:crypto";
import { BoundedCache } from "@carnet/core/bounded-cache";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { RegistrationPorts } from "@carnet/core/client/register-client";
import type { Clock, RandomSource } from "@carnet/core/ports";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import type { DestinationStream } from "pino";
import type { Configuration } from "./configuration/load-configuration.ts";
import { obtainMasterKey } from "./configuration/master-key.ts";
import { createSealer } from "./crypto/sealer.ts";
import { createSecretHasher } from "./crypto/secret-hasher.ts";
import { createSigner } from "./crypto/signing-key.ts";
import { createStandInDraw } from "./crypto/stand-in-draw.ts";
import type { HttpPorts } from "./http/app.ts";
import { listen } from "./http/listen.ts";
import { createLog } from "./log/logger.ts";
import { createTokenLog } from "./log/token-log.ts";
import { isSealed, openSealedKeys } from "./store/sealed-keys.ts";
import { createSqlClientStore } from "./store/sql-client-store.ts";
import { openSqlite } from "./store/sqlite/open-sqlite.ts";
import { watchStore } from "./store/watch-store.ts";

/** The wiring: the only place that takes the real clock and real chance, and that knows which adapter is which. */

/** How many clients and proven slow secrets a process keeps in memory. */
const cachedClients = 100_000;
const cachedProofs = 10_000;

const systemClock: Clock = { now: () => Date.now() };
const systemRandom: RandomSource = { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };

/** What stands behind the service: an open store and what it takes to act on it. */
export interface Registry extends RegistrationPorts {
  readonly store: ClientStore;
  close(): Promise<void>;
}

/** Opens the store for administration from the command line. Throws an OperatorFault for whatever is in the way. */
export async function openRegistry(configuration: Configuration, clock: Clock = systemClock): Promise<Registry> {
  const { db, ...backing } = await open(configuration, clock);
  return { clock, random: systemRandom, hasher: backing.hasher, store: backing.store, close: () => db.destroy() };
}

/** A service that listens. */
export interface RunningServer {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly registry: Registry;
  /** Stops accepting, finishes what runs within the drain timeout, and closes the store. */
  close(): Promise<void>;
}

/** Opens the store and listens. Throws an OperatorFault for whatever is in the way. */
export async function startServer(
  configuration: Configuration,
  logDestination: DestinationStream,
  clock: Clock = systemClock,
): Promise<RunningServer> {
  const { buildApp } = await import("./http/app.ts"); // most of the code, and the registry alone needs none of it
  const log = createLog(configuration.logLevel, logDestination);
  const { db, store, hasher, signingKeys } = await open(configuration, clock);
  const [signingKey] = signingKeys.slice(-1);
  if (signingKey === undefined) throw new Error("the store has no signing key");
  const watched = watchStore(store);
  const { issuer, audience, accessTokenTtl, sunsetAt } = configuration;
  const token: TokenEndpointPorts = {
    policy: { issuer, audience, accessTokenTtl, sunsetAt },
    clock,
    random: systemRandom,
    hasher,
    signer: createSigner(signingKey),
    directory: new ClientDirectory(watched, cachedClients),
    provenSecrets: new BoundedCache(cachedProofs),
    recorder: createTokenLog(createLog("info", logDestination)), // records are kept whatever the log level
  };
  let draining = false;
  const http: HttpPorts = {
    token,
    log,
    publicKeys: signingKeys.map((key) => key.publicJwk),
    trustedProxies: configuration.trustedProxies,
    checkStore: () => watched.check(),
    isDraining: () => draining,
  };
  const registry: Registry = { clock, random: systemRandom, hasher, store, close: async () => {} };
  try {
    const listening = await listen(buildApp(http), configuration);
    log.info("listening", { url: listening.url, issuer });
    return {
      url: listening.url,
      registry,
      async close() {
        draining = true;
        log.info("stopping");
        const outcome = await listening.close();
        if (outcome === "cut off") log.warn("requests_cut_off", { drainTimeout: configuration.drainTimeout });
        await db.destroy();
        log.info("stopped");
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

async function open(configuration: Configuration, clock: Clock) {
  const db = await openSqlite(configuration.store.path, configuration.storeTimeout);
  try {
    const sealer = createSealer(obtainMasterKey(configuration, await isSealed(db)));
    const { pepper, signingKeys } = await openSealedKeys(db, sealer, clock);
    const store = createSqlClientStore(db, createStandInDraw(pepper.reveal()));
    return { db, store, hasher: createSecretHasher(pepper.reveal()), signingKeys };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
