/** What kind of number a metric is, and how the numbers of several processes become one. */
export interface Metric {
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence, in the table of the reference and in the answer to a scrape. */
  readonly help: string;
  /** The names of its labels. Their values come from the code, never from a request, so that strangers add no series. */
  readonly labels?: readonly string[];
  /** How the processes of a node are put together. Default: added up. */
  readonly across?: "max" | "min" | "first";
}

/** Every metric that the service exposes, by name. The reference page is generated from the rows below. */
export const metricTable = {
  carnet_tokens_issued_total: { type: "counter", help: "Access tokens issued." },
  carnet_tokens_returned_total: {
    type: "counter",
    help: "Valid tokens that were sent back to their holder, without issuing one.",
  },
  carnet_refusals_total: {
    type: "counter",
    help: "Refused requests in which a client authenticates itself, by endpoint (token, introspect, revoke) and reason.",
    labels: ["endpoint", "reason"],
  },
  carnet_http_requests_total: {
    type: "counter",
    help: "Answered HTTP requests by operation (method and route; unknown for any other) and class of status.",
    labels: ["operation", "status"],
  },
  carnet_http_request_duration_seconds: {
    type: "histogram",
    help: "Time from the headers of a request to the end of its answer, by endpoint (token, introspect, revoke, admin, other).",
    labels: ["endpoint"],
  },
  carnet_connections_open: { type: "gauge", help: "Open connections of callers." },
  carnet_connections_closed_total: {
    type: "counter",
    help: "Connections closed by a limit: server_full, address_full, pipelined or not_reading.",
    labels: ["cause"],
  },
  carnet_store_up: {
    type: "gauge",
    help: "1 if the last poll of the change feed reached the store, else 0. Also 0 while a start waits for the store.",
    across: "min",
  },
  carnet_store_duration_seconds: {
    type: "histogram",
    help: "Time of reads and writes of clients in the store, by operation.",
    labels: ["operation"],
  },
  carnet_store_failures_total: {
    type: "counter",
    help: "Reads and writes of clients that failed, by operation.",
    labels: ["operation"],
  },
  carnet_change_feed_age_seconds: {
    type: "gauge",
    help: "Time since the last successful poll of the change feed: changes of other nodes may be unknown for so long.",
    across: "max",
  },
  carnet_store_grace_seconds: {
    type: "gauge",
    help: "How old the known changes may be before every token request gets 503.",
    across: "min",
  },
  carnet_revocation_list_age_seconds: {
    type: "gauge",
    help: "Time since the list of revocations was last read from the store.",
    across: "max",
  },
  carnet_journal_up: {
    type: "gauge",
    help: "1 if events can be recorded, else 0.",
    across: "min",
  },
  carnet_journal_failures_total: { type: "counter", help: "How often the journal became unwritable." },
  carnet_journal_events_lost_total: { type: "counter", help: "Events that could not be recorded." },
  carnet_journal_unsynced_records: { type: "gauge", help: "Records that are written and not yet synced to the disk." },
  carnet_journal_unsynced_age_seconds: {
    type: "gauge",
    help: "Time since the last sync, if there are unsynced records, else 0.",
    across: "max",
  },
  carnet_client_memory_entries: { type: "gauge", help: "Client secrets kept in memory." },
  carnet_client_memory_bytes: { type: "gauge", help: "Memory allocated for client secrets and their indexes." },
  carnet_client_memory_hits_total: { type: "counter", help: "Look-ups of a client secret that memory answered." },
  carnet_client_memory_misses_total: { type: "counter", help: "Look-ups of a client secret that went to the store." },
  carnet_signing_key_created_timestamp_seconds: {
    type: "gauge",
    help: "When the key that signs was made; with several algorithms, the oldest of those that sign.",
    across: "min",
  },
  carnet_signing_key_rotation_seconds: {
    type: "gauge",
    help: "The age at which signing keys are replaced. Absent if CARNET_KEY_ROTATION is never.",
    across: "min",
  },
  carnet_next_expiry_timestamp_seconds: {
    type: "gauge",
    help: "When the next active client or usable secret expires. Absent if none does.",
    labels: ["what"],
    across: "min",
  },
  carnet_tls_certificate_expiry_timestamp_seconds: {
    type: "gauge",
    help: "When the certificate of the listener expires. Absent without CARNET_TLS_CERT.",
    across: "min",
  },
  carnet_webhook_events_waiting: {
    type: "gauge",
    help: "Events that the webhook has not delivered yet. Absent without a webhook.",
    across: "max",
  },
  carnet_webhook_failed_attempts: {
    type: "gauge",
    help: "Failed attempts since the last delivery of the webhook. Absent without a webhook.",
    across: "max",
  },
  carnet_background_task_failures_total: {
    type: "counter",
    help: "Failed runs of background tasks. The next run tries again.",
    labels: ["task"],
  },
  carnet_event_loop_active_seconds_total: {
    type: "counter",
    help: "Time in which the event loop was busy. Its rate is 1 for each process that is saturated.",
  },
  carnet_event_loop_delay_seconds: {
    type: "gauge",
    help: "How late the event loop was since the last scrape, by statistic: p50, p99 or max.",
    labels: ["statistic"],
    across: "max",
  },
  carnet_process_cpu_seconds_total: { type: "counter", help: "User and system CPU time." },
  carnet_process_resident_memory_bytes: { type: "gauge", help: "Resident memory." },
  carnet_process_heap_bytes: { type: "gauge", help: "Size of the JavaScript heap." },
  carnet_process_start_time_seconds: { type: "gauge", help: "When the oldest process started.", across: "min" },
  carnet_processes: { type: "gauge", help: "Processes whose numbers are in this answer." },
  carnet_build_info: {
    type: "gauge",
    help: "1, with the versions of Carnet and of Node.",
    labels: ["version", "node"],
    across: "first",
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metricTable;

/** Upper bounds of the buckets of every histogram, in seconds. */
export const buckets: readonly number[] = [
  ...[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];
