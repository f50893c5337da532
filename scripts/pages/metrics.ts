import { buckets, type Metric, metricTable } from "@carnet/server/metrics/metric-table";

const ways = { max: "the highest", min: "the lowest", first: "of one process" } as const;

/** Every metric, from the table that the service itself renders. */
export function metricsPage(generated: string): string {
  const rows = Object.entries<Metric>(metricTable).map(([name, { type, help, labels = [], across }]) => {
    const shown = labels.length === 0 ? "none" : labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${shown} | ${help} | ${across === undefined ? "added up" : ways[across]} |`;
  });
  return `# Metrics

${generated}\`GET /metrics\` on the management listener answers in the text format of Prometheus. [Monitoring](../operate/monitoring.md)
shows how to scrape it and what to alert on. Times are seconds; a name that ends in \`_timestamp_seconds\` is a time since
the epoch. No label holds a client id, an address, or anything else that a caller sends.

| metric | type | labels | what | of several processes |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

Each histogram has buckets up to ${buckets.join(", ")} seconds, and the series \`_bucket\`, \`_sum\` and \`_count\`.
`;
}
