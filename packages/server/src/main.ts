import { randomBytes, randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, RandomSource } from "@carnet/core/ports";
import { createEventIds } from "./audit/event-ids.ts";
import type { Configuration } from "./configuration/load-configuration.ts";
import { createProxyTrust } from "./http/caller-address.ts";
import { createHttpServer } from "./http/http-server.ts";
import { listen } from "./http/listen.ts";
import { answerStarting } from "./http/starting.ts";
import { LogOutput } from "./log/log-output.ts";
import { createLog } from "./log/logger.ts";
import { openService, type Service } from "./open-service.ts";
import { type ResetAdmin, resetAdminClient } from "./reset-admin.ts";
import { openWhenReachable } from "./store/store-contact.ts";

export type { Registry } from "./open-service.ts";

/** The life of the process: listens, opens the service behind the listener, and stops both. Has the real clock. */

/** How long to wait for the last log lines at shutdown, in milliseconds. */
const flushTimeout = 250;

const systemClock: Clock = { now: () => Date.now() };
const systemRandom: RandomSource = { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };

export interface RunningServer extends Pick<Service, "registry" | "keys" | "bootstrapAdmin"> {
  /** Where it listens, such as `http://localhost:8080`. */
  readonly url: string;
  /** Stops accepting, finishes requests in progress within the drain timeout, and closes the store. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly clock?: Clock;
  /** Ends a start that waits for the store: `startServer` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Gives the admin client a new secret, whether or not the service is running. */
export const resetAdmin = (configuration: Configuration, serverUrl: string | undefined): Promise<ResetAdmin> =>
  resetAdminClient(configuration, serverUrl, {
    clock: systemClock,
    random: systemRandom,
    eventIds: createEventIds(systemRandom),
  });

/**
 * Listens, opens the store, and logs to the stream. While the store is away, the service is alive, but not ready. Throws
 * an OperatorFault if an operator must fix something first.
 */
export async function startServer(
  configuration: Configuration,
  logStream: Writable,
  { clock = systemClock, signal }: StartOptions = {},
): Promise<RunningServer> {
  const records = createLog("info", logStream);
  const output = new LogOutput(logStream, (lines) => records.warn("log_lines_dropped", { lines }));
  const log = createLog(configuration.logLevel, output);
  let draining = false;
  const isDraining = () => draining;
  let waitsFor: string | null = null;
  let handle = answerStarting(systemRandom, () => waitsFor);
  const isTrustedProxy = createProxyTrust(configuration.trustedProxies);
  const server = createHttpServer((request, response) => handle(request, response), {
    log,
    isDraining,
    isTrustedProxy,
  });
  const listening = await listen(server, configuration);
  const open = () =>
    openService(configuration, {
      ...{ clock, random: systemRandom, log, output, url: listening.url, isDraining },
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
        waitsFor = reason;
      },
    });
    return {
      ...service,
      url: listening.url,
      async close() {
        draining = true;
        log.info("stopping");
        const cutOff = (await listening.close()) === "cut off";
        if (cutOff) log.warn("requests_cut_off", { drainTimeout: configuration.drainTimeout });
        await service.close({ cutOff });
        log.info("stopped");
        await output.flush(flushTimeout);
      },
    };
  } catch (error) {
    await listening.close();
    throw error;
  }
}
