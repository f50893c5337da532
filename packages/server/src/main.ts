import { randomBytes, randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, RandomSource } from "@carnet/core/ports";
import { createEventIds } from "./audit/event-ids.ts";
import type { Configuration } from "./configuration/load-configuration.ts";
import { storeName } from "./configuration/setting-values.ts";
import { createProxyTrust } from "./http/caller-address.ts";
import { type Probe, starting, withoutPlace } from "./http/health-routes.ts";
import { createHttpServer } from "./http/http-server.ts";
import { listen, urlOf } from "./http/listen.ts";
import { answerStarting } from "./http/starting.ts";
import { TlsCertificate } from "./http/tls-certificate.ts";
import { type AsyncListener, watchRequests } from "./http/watched-requests.ts";
import { LogOutput } from "./log/log-output.ts";
import { createLog } from "./log/logger.ts";
import { openManagement } from "./management/open-management.ts";
import { createNodeMetrics, type MetricsJson, renderMetrics } from "./metrics/node-metrics.ts";
import { ServiceCounts } from "./metrics/service-counts.ts";
import { openService, type Service } from "./open-service.ts";
import { type ResetAdmin, resetAdminClient } from "./reset-admin.ts";
import { type MasterKeyChange, type MasterKeyStep, rotateMasterKey } from "./rotate-master-key.ts";
import { openWhenReachable } from "./store/store-contact.ts";
import type { WorkerPlace } from "./supervisor/worker-place.ts";
import { openTracing } from "./trace/open-tracing.ts";

export type { Registry } from "./open-service.ts";

/** The life of the process: listens, opens the service behind the listener, and stops both. Has the real clock. */

/** How long to wait for the last log lines at shutdown, in milliseconds. */
const flushTimeout = 250;

const systemClock: Clock = { now: () => Date.now() };
const systemRandom: RandomSource = { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };

export interface RunningServer extends Pick<Service, "registry" | "keys" | "bootstrapAdmin" | "readiness"> {
  /** Where it listens, such as `http://localhost:8080`. */
  readonly url: string;
  /**
   * Stops accepting, and closes each connection after its next answer, until all are closed or the drain timeout is over.
   * For the time before `close` when another process takes over.
   */
  retire(): Promise<void>;
  /** Stops accepting, finishes requests in progress within the drain timeout, and closes the store. */
  close(): Promise<void>;
}

/** What a supervisor asks a worker for. */
export interface Reports {
  metrics(): Promise<MetricsJson>;
  readiness(): Promise<Probe>;
}

export interface StartOptions {
  readonly clock?: Clock;
  /** Ends a start that waits for the store: `startServer` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** This process is one of the workers of a node. */
  readonly worker?: WorkerPlace | undefined;
  /** Called before the store is open, because a start that waits for it has to be seen. */
  readonly whenWatched?: ((reports: Reports) => void) | undefined;
}

/** Gives the admin client a new secret, whether or not the service is running. */
export const resetAdmin = (configuration: Configuration, serverUrl: string | undefined): Promise<ResetAdmin> =>
  resetAdminClient(configuration, serverUrl, {
    clock: systemClock,
    random: systemRandom,
    eventIds: createEventIds(systemRandom),
  });

/** Carries out a step of replacing the master key, whether or not services are running. */
export const changeMasterKey = (configuration: Configuration, step: MasterKeyStep): Promise<MasterKeyChange> =>
  rotateMasterKey(configuration, step, { clock: systemClock, eventIds: createEventIds(systemRandom) });

/**
 * Listens, opens the store, and logs to the stream. While the store is away, the service is alive, but not ready. Throws
 * an OperatorFault if an operator must fix something first.
 */
export async function startServer(
  configuration: Configuration,
  logStream: Writable,
  { clock = systemClock, signal, worker, whenWatched }: StartOptions = {},
): Promise<RunningServer> {
  const records = createLog("info", logStream);
  const output = new LogOutput(logStream, (lines) => records.warn("log_lines_dropped", { lines }));
  const { tracing, log } = await openTracing(configuration.tracing, createLog(configuration.logLevel, output));
  const processes = worker === undefined ? 1 : (configuration.workers ?? 1);
  const elapsed = () => performance.now();
  const counts = new ServiceCounts(elapsed);
  const certificate = configuration.tls && new TlsCertificate(configuration.tls, { clock, log });
  const metrics = createNodeMetrics({ counts, clock, certificate });
  let readiness = async () => starting(waitsFor);
  let draining = false;
  const isDraining = () => draining;
  let waitsFor: string | null = null;
  let handle: AsyncListener = answerStarting(systemRandom, () => waitsFor);
  const isTrustedProxy = createProxyTrust(configuration.trustedProxies);
  const watched = watchRequests((request, response) => handle(request, response), { counts, tracing });
  const server = createHttpServer(watched, {
    ...{ log, isDraining, isTrustedProxy, counts, processes, certificate },
  });
  const watching = new AsyncDisposableStack();
  watching.defer(() => tracing.close());
  watching.defer(() => metrics.stop());
  const stopWatching = async (error: unknown): Promise<never> => {
    await watching.disposeAsync();
    throw error;
  };
  whenWatched?.({ metrics: () => metrics.json(), readiness: () => readiness() });
  if (worker === undefined) {
    const render = async () => renderMetrics([await metrics.json()]);
    const management = openManagement(configuration, { log, metrics: render, readiness: () => readiness() });
    watching.use(await management.catch(stopWatching));
  }
  const url = urlOf(configuration);
  const startListening = () => listen(server, configuration, worker?.sockets);
  const early = worker?.othersServe ? undefined : await startListening().catch(stopWatching);
  const open = () =>
    openService(configuration, {
      ...{ clock, elapsed, random: systemRandom, log, output, counts, tracing, metrics, url, processes, isDraining },
      serve(newHandle) {
        handle = newHandle;
        return server;
      },
    });
  try {
    const service = await openWhenReachable(open, {
      log,
      random: () => randomBytes(1).readUInt8() / 255,
      sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }).catch(() => signal?.throwIfAborted()),
      failed: (reason) => {
        waitsFor = withoutPlace(reason, storeName(configuration.store));
      },
    });
    const listening =
      early ??
      (await startListening().catch(async (error: unknown) => {
        await service.close({ cutOff: false });
        throw error;
      }));
    readiness = service.readiness;
    return {
      ...service,
      url,
      async retire() {
        log.info("retiring");
        await listening.retire();
      },
      async close() {
        draining = true;
        log.info("stopping");
        const cutOff = (await listening.close()) === "cut off";
        if (cutOff) log.warn("requests_cut_off", { drainTimeout: configuration.drainTimeout });
        output.end(flushTimeout);
        await service.close({ cutOff });
        await watching.disposeAsync();
        log.info("stopped");
        await output.flush(flushTimeout);
      },
    };
  } catch (error) {
    await early?.close();
    return stopWatching(error);
  }
}
