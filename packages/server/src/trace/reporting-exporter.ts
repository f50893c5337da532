import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { TracingConfiguration } from "../configuration/tracing-settings.ts";
import type { Log } from "../log/logger.ts";

/** Sends spans to the collector, and logs once when it cannot be reached and once when it can again. */
export function createReportingExporter({ url, headers, timeout }: TracingConfiguration, log: Log): SpanExporter {
  const exporter = new OTLPTraceExporter({ url, headers: headers.reveal(), timeoutMillis: timeout });
  const { host } = new URL(url);
  let isFailing = false;
  const report = (error: Error | undefined): void => {
    if (error !== undefined && !isFailing) log.fault("traces_not_sent", error, { host, detail: advice });
    if (error === undefined && isFailing) log.info("traces_sent_again", { host });
    isFailing = error !== undefined;
  };
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        report(result.code === 0 ? undefined : (result.error ?? new Error("the collector refused the spans")));
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

const advice =
  "spans are dropped until the collector answers; requests are not affected: check OTEL_EXPORTER_OTLP_ENDPOINT";
