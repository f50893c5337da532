import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { ownAuthority } from "@carnet/core/admin/permission";
import type { EventStore } from "@carnet/core/audit/event-store";
import { cliOrigin, type Recorder, serviceOrigin } from "@carnet/core/audit/recorder";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { RegistrationPorts } from "@carnet/core/client/register-client";
import { SecretUses } from "@carnet/core/client/secret-uses";
import { PolicyEnforcement } from "@carnet/core/owner/enforce-policies";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import type { Clock, RandomSource } from "@carnet/core/ports";
import { createEventIds } from "./audit/event-ids.ts";
import { openAudit } from "./audit/open-audit.ts";
import { createServiceEvents } from "./audit/service-events.ts";
import { startBackground } from "./background.ts";
import { type BootstrapAdmin, makeBootstrapAdmin, updateAdminFile } from "./bootstrap-admin.ts";
import type { Configuration } from "./configuration/load-configuration.ts";
import { storeName } from "./configuration/setting-values.ts";
import { createAccessTokenVerifier } from "./crypto/access-token-verifier.ts";
import type { KeyRing } from "./crypto/key-ring.ts";
import { buildApp } from "./http/app.ts";
import { checkReadiness, type Probe } from "./http/health-routes.ts";
import type { ClientPorts, HttpPorts } from "./http/http-ports.ts";
import type { AsyncListener } from "./http/watched-requests.ts";
import type { LogOutput } from "./log/log-output.ts";
import type { Log } from "./log/logger.ts";
import { PackedClients } from "./memory/packed-clients.ts";
import type { NodeMetrics } from "./metrics/node-metrics.ts";
import type { ServiceCounts } from "./metrics/service-counts.ts";
import { readStoredFacts } from "./metrics/stored-facts.ts";
import { timeStore } from "./metrics/timed-store.ts";
import { openKeys } from "./open-keys.ts";
import { createPepperWork } from "./pepper-work.ts";
import { refreshAfterAdding } from "./revocation/refresh-after-adding.ts";
import { createRevocationFeed } from "./revocation/revocation-feed.ts";
import { RevocationList } from "./revocation/revocation-list.ts";
import { openStore } from "./store/open-store.ts";
import { clientsWithSlowSecrets } from "./store/sql/client-lookup.ts";
import { retryWhileBusy } from "./store/store-busy.ts";
import { StoreContact } from "./store/store-contact.ts";
import { watchDataKeys } from "./store/watch-data-keys.ts";
import type { Tracing } from "./trace/tracing.ts";
import { version } from "./version.ts";
import { openWebhook } from "./webhook/open-webhook.ts";

/** Everything behind the listener: chooses the adapters and wires them. */

/** The bytes of clients and secrets that the processes of a node keep in memory: room for more than a million. */
const memoryBytes = 160 * 1024 * 1024;

const slowSecretAdvice =
  "secrets under a slow hash are no longer accepted: give each client a new one with `carnet secret rotate`";

/** How often each background task runs, in milliseconds. */
const intervals = {
  changes: 500,
  keys: 500,
  scopeClaims: 500,
  keyRotation: 60_000,
  revocations: 500,
  uses: 5000,
  answers: 60_000,
  oldChanges: 3_600_000,
  oldRevocations: 60_000,
  webhook: 1000,
  policies: 5000,
} as const;

/** What tests and tools need to change the store directly. */
export interface Registry extends RegistrationPorts {
  readonly store: ClientStore;
  readonly events: EventStore;
  readonly owners: OwnerStore;
}

export interface ServicePorts {
  readonly clock: Clock;
  /** Milliseconds since any fixed instant. Changes to the clock do not affect it. */
  elapsed(): number;
  readonly random: RandomSource;
  readonly log: Log;
  readonly output: LogOutput;
  readonly counts: ServiceCounts;
  readonly tracing: Tracing;
  readonly metrics: Pick<NodeMetrics, "watch">;
  /** Where it listens. */
  readonly url: string;
  /** The processes of the node, which share its memory for clients. */
  readonly processes: number;
  isDraining(): boolean;
  /** Gives the listener what answers requests from now on. Returns the server that listens. */
  serve(handle: AsyncListener): Server;
}

export interface Service {
  readonly registry: Registry;
  readonly keys: KeyRing;
  /** The first admin client, if this start made it. */
  readonly bootstrapAdmin: BootstrapAdmin | undefined;
  /** For a probe that is not a request of a caller. */
  readiness(): Promise<Probe>;
  /** Saves what is only in memory, and closes the store. No request may be in progress. */
  close(stop: { readonly cutOff: boolean }): Promise<void>;
}

/** Opens the store and everything that works on it. Throws an OperatorFault if an operator must fix something first. */
export async function openService(configuration: Configuration, ports: ServicePorts): Promise<Service> {
  const { clock, random, log, output, counts, tracing } = ports;
  const eventIds = createEventIds(random);
  const unwatched = await openStore(configuration, clock, eventIds);
  const storage = { ...unwatched, store: timeStore(unwatched.store, { counts, tracing }) };
  const { db, store, hasher, scopes, scopeClaims, answers, events, owners, signingKeys } = storage;
  const opened = new AsyncDisposableStack(); // closed in reverse order, at shutdown or when the start fails
  opened.defer(() => db.destroy());
  try {
    const webhook = await openWebhook(configuration, storage, { clock, random, log });
    const uses = new SecretUses(store);
    const audit = opened.use(
      openAudit(configuration, { storage, uses, eventIds, clock, log, output, consumers: [counts] }),
    );
    const { journal } = audit;
    const recorder: Recorder = { record: (event) => tracing.part("record event", () => audit.recorder.record(event)) };
    const registry: Registry = {
      ...{ clock, random, hasher, store, scopes, events, eventIds },
      recorder: audit.lenientRecorder,
      origin: cliOrigin("client_created"),
      ...{ authority: ownAuthority, owners, accessTokenTtl: configuration.accessTokenTtl },
    };
    const { issuer, audience, accessTokenTtl, sunsetAt, adminFile } = configuration;
    if (storage.keyCreated !== undefined) await registry.recorder.record(storage.keyCreated);
    const bootstrapAdmin = await makeBootstrapAdmin(storage, configuration, registry);
    const memory = new PackedClients(Math.floor(memoryBytes / ports.processes), randomBytes(4).readUInt32LE());
    const directory = new ClientDirectory(store, memory);
    const signing = await openKeys(configuration, { store: signingKeys, clock, log });
    const keys = signing.ring;
    await scopeClaims.refresh();
    const pepperWork = createPepperWork({ ...storage, store }, { ...registry, directory });
    const verifier = createAccessTokenVerifier(issuer, keys);
    const list = new RevocationList({ store: storage.revocations, clock });
    await list.refresh();
    const revocations = refreshAfterAdding(storage.revocations, list);
    const service = createServiceEvents(registry);
    const token: ClientPorts = {
      policy: { issuer, audience, accessTokenTtl, sunsetAt },
      clock,
      random,
      hasher,
      signer: { sign: (...signed) => tracing.part("sign token", () => keys.sign(...signed)) },
      verifier,
      directory,
      store,
      revocations,
      cutOffs: list,
      ...{ scopes, scopeClaims },
      uses,
      moves: pepperWork.moves,
      usage: audit.usage,
      recorder,
      eventIds,
    };
    const http: HttpPorts = {
      token,
      admin: {
        keys: signing.ports,
        ...{
          ...registry,
          recorder,
          issuer,
          verifier,
          revocations,
          directory,
          scopeClaims,
          uses,
          answers,
          peppers: storage.peppers,
          answerSealer: storage.dataKeys,
        },
        ...audit.admin,
        platformContact: configuration.contact,
      },
      log,
      keys,
      counts,
      jwksMaxAge: configuration.jwksMaxAge,
      revocationFeed: createRevocationFeed({ access: configuration.revocationFeed, issuer, list, keys, clock }),
      trustedProxies: configuration.trustedProxies,
      checkStore: () => store.check().then(() => storage.dataKeys.refuseReplaced()),
      storeGrace: () => contact.grace,
      storeName: storeName(configuration.store),
      isDraining: ports.isDraining,
      isJournalUnavailable: () => journal.isUnavailable,
    };
    const contact = new StoreContact({
      ...{ clock, elapsed: ports.elapsed, log, grace: configuration.storeGrace },
      forgetAll: () => directory.forgetAll(),
    });
    const changeFeed = await storage.dialect.openChangeFeed(db, {
      changed: (clientId) => directory.forget(clientId),
      missed() {
        directory.doubtAll();
        list.startOver();
      },
    });
    const slow = await clientsWithSlowSecrets(db);
    if (slow.length > 0)
      log.warn("secrets_unsupported", {
        clients: slow.length,
        clientIds: slow.slice(0, 100),
        detail: slowSecretAdvice,
      });
    ports.metrics.watch({
      ...{ memory, journal, revocationList: list, contact, grace: configuration.storeGrace },
      signingKeys: () => keys.signing,
      keyRotation: configuration.keyRotation,
      readStoredFacts: () => readStoredFacts(db, clock.now()),
    });
    const app = buildApp(http, ports.serve);
    await app.ready();
    const rotateKeys = () =>
      signing.keep({ eventIds, recorder: audit.lenientRecorder, origin: serviceOrigin("key_created") });
    const enforcement = new PolicyEnforcement({ ...registry, endOfTurn });
    const stopBackground = startBackground(
      [
        { name: "changes", every: intervals.changes, run: () => contact.poll(() => changeFeed.poll()) },
        { name: "uses", every: intervals.uses, run: () => uses.flush() },
        ...audit.tasks,
        ...pepperWork.tasks,
        { name: "revocations", every: intervals.revocations, run: () => list.refresh() },
        {
          name: "old revocations",
          every: intervals.oldRevocations,
          run: () => revocations.deleteEnded(clock.now()),
        },
        { name: "answers", every: intervals.answers, run: () => answers.deleteExpired() },
        { name: "old changes", every: intervals.oldChanges, run: () => changeFeed.trim() },
        { name: "policies", every: intervals.policies, atStart: true, run: () => enforcement.run() },
        { name: "data keys", every: intervals.keys, run: watchDataKeys(storage.dataKeys, log) },
        { name: "keys", every: intervals.keys, run: () => keys.refresh() },
        { name: "scope claims", every: intervals.scopeClaims, run: () => scopeClaims.refresh() },
        { name: "key rotation", every: intervals.keyRotation, atStart: true, run: () => rotateKeys() },
        { name: "webhook", every: intervals.webhook, run: async () => webhook?.deliver() },
      ],
      { log, counts },
    );
    try {
      // A certificate is for the host of the issuer, not for the address that the service listens on
      const address = configuration.tls === undefined ? ports.url : issuer;
      await updateAdminFile(adminFile, address, { ...registry, isNew: bootstrapAdmin !== undefined });
    } catch (error) {
      log.fault("admin_file_outdated", error); // the CLI can be given the address by a flag
    }
    if (bootstrapAdmin !== undefined) {
      log.info("admin_client_made", { clientId: bootstrapAdmin.clientId, file: bootstrapAdmin.file });
    }
    await service.started({ version, issuer });
    log.info("listening", { url: ports.url, issuer });
    return {
      registry,
      keys,
      bootstrapAdmin,
      readiness: () => checkReadiness(http, null),
      async close({ cutOff }) {
        await app.close();
        webhook?.stop();
        await stopBackground();
        // A store that cannot be written must not prevent a clean shutdown
        await retryWhileBusy(() => audit.admin.saveCounts(), configuration.storeTimeout).catch((error: unknown) =>
          log.fault("counts_lost", error),
        );
        await service.stopped({ cutOff });
        await retryWhileBusy(() => uses.flush(), configuration.storeTimeout).catch((error: unknown) =>
          log.fault("last_uses_lost", error),
        );
        await retryWhileBusy(() => pepperWork.moves.flush(), configuration.storeTimeout).catch((error: unknown) =>
          log.fault("last_moves_lost", error),
        );
        await opened.disposeAsync();
      },
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}
