import type { TracingConfiguration } from "../configuration/tracing-settings.ts";
import type { Log } from "../log/logger.ts";
import { noTracing, type Tracing } from "./tracing.ts";

/** Tracing, and a log whose lines name the trace of the request in progress. Loads OpenTelemetry only if it is used. */
export async function openTracing(
  configuration: TracingConfiguration | undefined,
  log: Log,
): Promise<{ readonly tracing: Tracing; readonly log: Log }> {
  if (configuration === undefined) return { tracing: noTracing, log };
  const { openOtlpTracing } = await import("./otlp-tracing.ts"); // slow to load
  return openOtlpTracing(configuration, log);
}
