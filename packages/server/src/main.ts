import { randomBytes, randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { ownAuthority } from "@carnet/core/admin/permission";
import type { EventStore } from "@carnet/core/audit/event-store";
import { cliOrigin } from "@carnet/core/audit/recorder";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { RegistrationPorts } from "@carnet/core/client/register-client";
import { SecretUses } from "@carnet/core/client/secret-uses";
import { PolicyEnforcement } from "@carnet/core/owner/enforce-policies";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import type { Clock, RandomSource } from "@carnet/core/ports";
import type { Kysely } from "kysely";
import { createEventIds } from "./audit/event-ids.ts";
import { openAudit } from "./audit/open-audit.ts";
import { createServiceEvents } from "./audit/service-events.ts";
import { startBackground } from "./background.ts";
import { type BootstrapAdmin, makeBootstrapAdmin, updateAdminFile } from "./bootstrap-admin.ts";
import type { Configuration } from "./configuration/load-configuration.ts";
import { createAccessTokenVerifier } from "./crypto/access-token-verifier.ts";
import { KeyRing } from "./crypto/key-ring.ts";
import { buildApp } from "./http/app.ts";
import type { ClientPorts, HttpPorts } from "./http/http-ports.ts";
import { listen } from "./http/listen.ts";
import { LogOutput } from "./log/log-output.ts";
import { createLog, type Log } from "./log/logger.ts";
import { PackedClients } from "./memory/packed-clients.ts";
import { type ResetAdmin, resetAdminClient } from "./reset-admin.ts";
import { refreshAfterAdding } from "./revocation/refresh-after-adding.ts";
import { createRevocationFeed } from "./revocation/revocation-feed.ts";
import { RevocationList } from "./revocation/revocation-list.ts";
import { openStore } from "./store/open-store.ts";
import { clientsWithSlowSecrets } from "./store/sql/client-lookup.ts";
import type { Tables } from "./store/sql/schema.ts";
import { createSqlWebhookQueue } from "./store/sql/webhook-store.ts";
import { retryWhileBusy } from "./store/store-busy.ts";
import { version } from "./version.ts";
import { createWebhook, type Webhook } from "./webhook/webhook.ts";

/** The composition root: the only place that uses the real clock and real randomness and chooses the adapters. */

/** The bytes of clients and secrets that a process keeps in memory: room for more than a million. */
const memoryBytes = 160 * 1024 * 1024;

const slowSecretAdvice =
  "secrets under a slow hash are no longer accepted: give each client a new one with `carnet secret rotate`";

/** How often each background task runs, in milliseconds. */
const intervals = {
  changes: 500,
  revocations: 500,
  uses: 5000,
  answers: 60_000,
  oldChanges: 3_600_000,
  oldRevocations: 60_000,
  webhook: 1000,
  policies: 5000,
} as const;

/** How long a webhook's receiver may take to answer, in milliseconds. */
const webhookTimeout = 10_000;

/** How long to wait for the last log lines at shutdown, in milliseconds. */
const flushTimeout = 250;

const systemClock: Clock = { now: () => Date.now() };
const systemRandom: RandomSource = { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };

/** What tests and tools need to change the store directly. */
export interface Registry extends RegistrationPorts {
  readonly store: ClientStore;
  readonly events: EventStore;
  readonly owners: OwnerStore;
}

export interface RunningServer {
  /** Where it listens, such as `http://localhost:8080`. */
  readonly url: string;
  readonly registry: Registry;
  readonly keys: KeyRing;
  /** The first admin client, if this start made it. */
  readonly bootstrapAdmin: BootstrapAdmin | undefined;
  /** Stops accepting, finishes requests in progress within the drain timeout, and closes the store. */
  close(): Promise<void>;
}

/** Gives the admin client a new secret, whether or not the service is running. */
export const resetAdmin = (configuration: Configuration, serverUrl: string | undefined): Promise<ResetAdmin> =>
  resetAdminClient(configuration, serverUrl, {
    clock: systemClock,
    random: systemRandom,
    eventIds: createEventIds(systemRandom),
  });

/** Opens the store, logs to the stream, and listens. Throws an OperatorFault if an operator must fix something first. */
export async function startServer(
  configuration: Configuration,
  logStream: Writable,
  clock: Clock = systemClock,
): Promise<RunningServer> {
  const records = createLog("info", logStream);
  const output = new LogOutput(logStream, (lines) => records.warn("log_lines_dropped", { lines }));
  const log = createLog(configuration.logLevel, output);
  const eventIds = createEventIds(systemRandom);
  const storage = await openStore(configuration, clock, eventIds);
  const { db, store, hasher, scopes, answers, events, owners, signingKeys } = storage;
  const opened = new AsyncDisposableStack(); // closed in reverse order, at shutdown or when the start fails
  opened.defer(() => db.destroy());
  try {
    const webhook = await openWebhook(configuration, db, { clock, log });
    const uses = new SecretUses(store);
    const audit = opened.use(openAudit(configuration, { storage, uses, eventIds, clock, log, output }));
    const { recorder, journal } = audit;
    const registry: Registry = {
      ...{ clock, random: systemRandom, hasher, store, scopes, events, eventIds },
      recorder: audit.lenientRecorder,
      origin: cliOrigin("client_created"),
      ...{ authority: ownAuthority, owners, accessTokenTtl: configuration.accessTokenTtl },
    };
    const { issuer, audience, accessTokenTtl, sunsetAt, adminFile } = configuration;
    if (storage.keyCreated !== undefined) await registry.recorder.record(storage.keyCreated);
    const bootstrapAdmin = await makeBootstrapAdmin(storage, configuration, registry);
    const memory = new PackedClients(memoryBytes, randomBytes(4).readUInt32LE());
    const directory = new ClientDirectory(store, memory);
    const keys = new KeyRing(signingKeys, (fault) => log.fault("signing_thread_failed", fault));
    const verifier = createAccessTokenVerifier(issuer, keys);
    const list = new RevocationList({ store: storage.revocations, clock });
    await list.refresh();
    const revocations = refreshAfterAdding(storage.revocations, list);
    const service = createServiceEvents(registry);
    const token: ClientPorts = {
      policy: { issuer, audience, accessTokenTtl, sunsetAt },
      clock,
      random: systemRandom,
      hasher,
      signer: keys,
      verifier,
      directory,
      store,
      revocations,
      cutOffs: list,
      scopes,
      uses,
      usage: audit.usage,
      recorder,
      eventIds,
    };
    let draining = false;
    const http: HttpPorts = {
      token,
      admin: {
        ...{
          ...registry,
          recorder,
          issuer,
          verifier,
          revocations,
          directory,
          uses,
          answers,
          answerSealer: storage.sealer,
        },
        ...audit.admin,
        platformContact: configuration.contact,
      },
      log,
      keys,
      revocationFeed: createRevocationFeed({ access: configuration.revocationFeed, issuer, list, keys, clock }),
      trustedProxies: configuration.trustedProxies,
      checkStore: () => store.check(),
      isDraining: () => draining,
      isJournalUnavailable: () => journal.isUnavailable,
    };
    const changeFeed = await storage.dialect.openChangeFeed(db, {
      changed: (clientId) => directory.forget(clientId),
      missed: () => directory.forgetAll(),
    });
    const slow = await clientsWithSlowSecrets(db);
    if (slow.length > 0)
      log.warn("secrets_unsupported", {
        clients: slow.length,
        clientIds: slow.slice(0, 100),
        detail: slowSecretAdvice,
      });
    const listening = await listen(buildApp(http), configuration);
    const enforcement = new PolicyEnforcement({ ...registry, endOfTurn });
    const stopBackground = startBackground(
      [
        { name: "changes", every: intervals.changes, run: () => changeFeed.poll() },
        { name: "uses", every: intervals.uses, run: () => uses.flush() },
        ...audit.tasks,
        { name: "revocations", every: intervals.revocations, run: () => list.refresh() },
        {
          name: "old revocations",
          every: intervals.oldRevocations,
          run: () => revocations.deleteEnded(clock.now()),
        },
        { name: "answers", every: intervals.answers, run: () => answers.deleteExpired() },
        { name: "old changes", every: intervals.oldChanges, run: () => changeFeed.trim() },
        { name: "policies", every: intervals.policies, atStart: true, run: () => enforcement.run() },
        { name: "webhook", every: intervals.webhook, run: async () => webhook?.deliver() },
      ],
      log,
    );
    try {
      await updateAdminFile(adminFile, listening.url, { ...registry, isNew: bootstrapAdmin !== undefined });
    } catch (error) {
      log.fault("admin_file_outdated", error); // the CLI can be given the address by a flag
    }
    if (bootstrapAdmin !== undefined) {
      log.info("admin_client_made", { clientId: bootstrapAdmin.clientId, file: bootstrapAdmin.file });
    }
    await service.started({ version, issuer });
    log.info("listening", { url: listening.url, issuer });
    return {
      url: listening.url,
      registry,
      keys,
      bootstrapAdmin,
      async close() {
        draining = true;
        log.info("stopping");
        const outcome = await listening.close();
        if (outcome === "cut off") log.warn("requests_cut_off", { drainTimeout: configuration.drainTimeout });
        webhook?.stop();
        await stopBackground();
        await keys.close();
        // A store that cannot be written must not prevent a clean shutdown
        await retryWhileBusy(() => audit.admin.saveCounts(), configuration.storeTimeout).catch((error: unknown) =>
          log.fault("counts_lost", error),
        );
        await service.stopped({ cutOff: outcome === "cut off" });
        await retryWhileBusy(() => uses.flush(), configuration.storeTimeout).catch((error: unknown) =>
          log.fault("last_uses_lost", error),
        );
        await opened.disposeAsync();
        log.info("stopped");
        await output.flush(flushTimeout);
      },
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** Undefined: none is configured. Otherwise events from now on are sent, also those that come before the first delivery. */
async function openWebhook(
  { webhookUrl: url, webhookSecret: key }: Configuration,
  db: Kysely<Tables>,
  ports: { readonly clock: Clock; readonly log: Log },
): Promise<Webhook | undefined> {
  if (url === undefined || key === undefined) return undefined;
  const queue = createSqlWebhookQueue(db);
  await queue.begin();
  return createWebhook({ ...ports, queue, url, key, random: systemRandom, timeout: webhookTimeout });
}
