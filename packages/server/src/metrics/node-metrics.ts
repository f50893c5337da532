import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@carnet/core/ports";
import type { Journal } from "../journal/journal.ts";
import type { PackedClients } from "../memory/packed-clients.ts";
import type { StoreContact } from "../store/store-contact.ts";
import { version } from "../version.ts";
import { type Metric, type MetricName, metricTable } from "./metric-table.ts";
import { watchProcess } from "./process-samples.ts";
import type { ServiceCounts } from "./service-counts.ts";
import type { StoredFacts } from "./stored-facts.ts";
import type { Sample } from "./tally.ts";

/**
 * What `/metrics` shows. Each process of a node makes its own numbers as JSON, and one process adds them up and renders
 * them, so that a node with several workers is scraped once.
 */

/** The numbers of one process, as prom-client adds them up. They can be sent to another process. */
export type MetricsJson = readonly {
  readonly name: MetricName;
  readonly type: Metric["type"];
  readonly help: string;
  readonly aggregator: "sum" | "max" | "min" | "first";
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string>>;
    /** The name of a part of a histogram. */
    readonly metricName?: string;
  }[];
}[];

export interface NodeMetrics {
  /** The numbers of this process. What cannot be read at the moment is left out. */
  json(): Promise<MetricsJson>;
  /** Shows the state of the service as well, once it is open. */
  watch(service: WatchedService): void;
  stop(): void;
}

export interface MetricsPorts {
  readonly counts: ServiceCounts;
  readonly clock: Clock;
  /** Undefined without TLS. `validTo` in milliseconds since the epoch. */
  readonly certificate: { readonly validTo: number } | undefined;
}

export interface WatchedService {
  readonly memory: PackedClients;
  readonly journal: Pick<Journal, "status">;
  /** Has the time of its last successful read. */
  readonly revocationList: { readonly readAt: number };
  readonly contact: Pick<StoreContact, "isAway" | "grace">;
  /** Milliseconds. */
  readonly grace: number;
  /** The keys that sign now. */
  signingKeys(): readonly { readonly createdAt: number }[];
  /** Milliseconds. null: never. */
  readonly keyRotation: number | null;
  readStoredFacts(): Promise<StoredFacts>;
}

/** How long what was read from the store is shown, in milliseconds: many scrapes must not load it. */
const storedFactsAge = 10_000;

/** How long a scrape waits for the store, in milliseconds: one that hangs must not hide the other numbers. */
const storedFactsPatience = 1000;

/** Adds up what processes have counted. What they measured at a moment is left out: it ended with them. */
export async function addCounts(processes: readonly MetricsJson[]): Promise<MetricsJson> {
  const { AggregatorRegistry } = await import("prom-client");
  const counted = processes.map((metrics) => metrics.filter(({ type }) => type !== "gauge"));
  return (await AggregatorRegistry.aggregate(counted).getMetricsAsJSON()) as unknown as MetricsJson;
}

/** Renders the numbers of the processes of a node in the text format of Prometheus. */
export async function renderMetrics(processes: readonly MetricsJson[]): Promise<string> {
  const { AggregatorRegistry } = await import("prom-client"); // 3 MB of memory, only where there are scrapes
  return AggregatorRegistry.aggregate([...processes]).metrics();
}

export function createNodeMetrics(ports: MetricsPorts): NodeMetrics {
  const watched = watchProcess();
  const starting = { carnet_store_up: () => [{ value: 0 }] };
  let stateOf: () => Promise<Partial<Readings>> = async () => starting;
  return {
    async json() {
      const readings = { ...watched.readings, ...ownReadings(ports), ...(await stateOf()) };
      return Object.entries(readings).map(([name, read]) => inJson(name as MetricName, read()));
    },
    watch(service) {
      const factsOf = rememberFor(storedFactsAge, { ...ports, ...service });
      stateOf = async () => ({ ...stateReadings(service, ports.clock.now()), ...factReadings(await factsOf()) });
    },
    stop: watched.stop,
  };
}

/** Where each metric of the table comes from. */
type Readings = Readonly<Record<MetricName, () => readonly Sample[]>>;

const ownReadings = ({ counts, certificate }: MetricsPorts) =>
  ({
    carnet_tokens_issued_total: () => [{ value: counts.issued }],
    carnet_tokens_returned_total: () => [{ value: counts.returned }],
    carnet_refusals_total: () => counts.refusals.samples("endpoint", "reason"),
    carnet_http_requests_total: () => counts.requests.samples("operation", "status"),
    carnet_http_request_duration_seconds: () => counts.requestTimes.samples("endpoint"),
    carnet_connections_open: () => [{ value: counts.connectionsOpen }],
    carnet_connections_closed_total: () => counts.closedConnections.samples("cause"),
    carnet_store_duration_seconds: () => counts.storeTimes.samples("operation"),
    carnet_store_failures_total: () => counts.storeFailures.samples("operation"),
    carnet_background_task_failures_total: () => counts.taskFailures.samples("task"),
    carnet_tls_certificate_expiry_timestamp_seconds: () =>
      certificate === undefined ? [] : [{ value: certificate.validTo / 1000 }],
    carnet_build_info: () => [{ value: 1, labels: { version, node: process.versions.node } }],
  }) satisfies Partial<Readings>;

function stateReadings(service: WatchedService, now: number) {
  const { memory, journal, revocationList, contact, grace, signingKeys, keyRotation } = service;
  const age = (at: number) => [{ value: Math.max(0, now - at) / 1000 }];
  const { isWritable, failures, lost, unsynced } = journal.status;
  return {
    carnet_store_up: () => [{ value: contact.isAway ? 0 : 1 }],
    carnet_change_feed_age_seconds: () => age(contact.grace.since),
    carnet_store_grace_seconds: () => [{ value: grace / 1000 }],
    carnet_revocation_list_age_seconds: () => age(revocationList.readAt),
    carnet_journal_up: () => [{ value: isWritable ? 1 : 0 }],
    carnet_journal_failures_total: () => [{ value: failures }],
    carnet_journal_events_lost_total: () => [{ value: lost }],
    carnet_journal_unsynced_records: () => [{ value: unsynced.records }],
    carnet_journal_unsynced_age_seconds: () => age(unsynced.records === 0 ? now : unsynced.since),
    carnet_client_memory_entries: () => [{ value: memory.entries }],
    carnet_client_memory_bytes: () => [{ value: memory.bytes }],
    carnet_client_memory_hits_total: () => [{ value: memory.hits }],
    carnet_client_memory_misses_total: () => [{ value: memory.misses }],
    carnet_signing_key_created_timestamp_seconds: () => [
      { value: Math.min(...signingKeys().map(({ createdAt }) => createdAt)) / 1000 },
    ],
    carnet_signing_key_rotation_seconds: () => (keyRotation === null ? [] : [{ value: keyRotation / 1000 }]),
  } satisfies Partial<Readings>;
}

function factReadings(facts: StoredFacts | undefined) {
  const seconds = (at: number | undefined, labels = {}) => (at === undefined ? [] : [{ value: at / 1000, labels }]);
  const webhook = facts?.webhook === undefined ? [] : [facts.webhook];
  return {
    carnet_next_expiry_timestamp_seconds: () => [
      ...seconds(facts?.nextClientExpiry, { what: "client" }),
      ...seconds(facts?.nextSecretExpiry, { what: "secret" }),
    ],
    carnet_webhook_events_waiting: () => webhook.map(({ waiting }) => ({ value: waiting })),
    carnet_webhook_failed_attempts: () => webhook.map(({ failedAttempts }) => ({ value: failedAttempts })),
  } satisfies Partial<Readings>;
}

function inJson(name: MetricName, samples: readonly Sample[]): MetricsJson[number] {
  const metric: Metric = metricTable[name];
  const values = samples.map(({ value, labels = {}, suffix }) =>
    suffix === undefined ? { value, labels } : { value, labels, metricName: `${name}${suffix}` },
  );
  return { name, help: metric.help, type: metric.type, aggregator: metric.across ?? "sum", values };
}

/** Reads what is stored at most so often, once for all scrapes at a time. undefined: the store cannot be read. */
function rememberFor(
  age: number,
  { readStoredFacts, clock }: Pick<WatchedService, "readStoredFacts"> & Pick<MetricsPorts, "clock">,
): () => Promise<StoredFacts | undefined> {
  let readAt = -Infinity;
  let facts: StoredFacts | undefined;
  let reading: Promise<void> = Promise.resolve();
  const read = async (): Promise<void> => {
    facts = await readStoredFacts().catch(() => undefined); // carnet_store_up tells it
  };
  return async () => {
    const now = clock.now();
    if (Math.abs(now - readAt) >= age) {
      readAt = now;
      reading = read();
    }
    await Promise.race([reading, sleep(storedFactsPatience, undefined, { ref: false })]);
    return facts;
  };
}
