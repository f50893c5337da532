import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { SamplerName, TracingConfiguration } from "../configuration/tracing-settings.ts";
import type { Facts, Log } from "../log/logger.ts";
import type { AnsweredRequest } from "../metrics/service-counts.ts";
import { version } from "../version.ts";
import { createReportingExporter } from "./reporting-exporter.ts";
import type { RequestSpan, Tracing } from "./tracing.ts";

/** How long the end of the process waits for the last spans, in milliseconds: less than is left after the drain. */
const closeTimeout = 500;

/** Sends traces to an OpenTelemetry collector over HTTP, in batches. Spans are dropped while it cannot keep up. */
export function openOtlpTracing(configuration: TracingConfiguration, log: Log): { tracing: Tracing; log: Log } {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.version": version, ...configuration.attributes }),
    sampler: createSampler(configuration),
    spanProcessors: [new BatchSpanProcessor({ exporter: createReportingExporter(configuration, log) })],
  });
  const tracer = provider.getTracer("carnet", version);
  const current = new AsyncLocalStorage<Span>();
  const tracing: Tracing = {
    begin(request) {
      const options = { kind: SpanKind.SERVER, attributes: { "http.request.method": methodOf(request) } };
      const span = tracer.startSpan(methodOf(request), options, parentOf(request));
      return span.isRecording() ? requestSpan(span, current) : undefined;
    },
    part(name, act) {
      const parent = current.getStore();
      if (parent === undefined) return act();
      const span = tracer.startSpan(name, {}, trace.setSpan(ROOT_CONTEXT, parent));
      return during(span, act);
    },
    close: () => Promise.race([provider.shutdown().catch(() => {}), sleep(closeTimeout, undefined, { ref: false })]),
  };
  return { tracing, log: logWithTrace(log, current) };
}

const requestSpan = (span: Span, current: AsyncLocalStorage<Span>): RequestSpan => ({
  run: (act) => current.run(span, act),
  end({ path, operation, status }: AnsweredRequest) {
    if (path !== "") span.updateName(operation).setAttribute("http.route", path);
    span.setAttribute("http.response.status_code", status);
    // Semantic conventions for HTTP: of a server, only a 5xx is an error
    if (status >= 500) span.setAttribute("error.type", `${status}`).setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  },
});

/** Ends the span with the work, which may be asynchronous. Names the class of an error, not its message. */
function during<Value>(span: Span, act: () => Value): Value {
  const end = (): void => span.end();
  const fail = (error: unknown): void => {
    const type = error instanceof Error ? error.constructor.name : "_OTHER";
    span.setAttribute("error.type", type).setStatus({ code: SpanStatusCode.ERROR }).end();
  };
  try {
    const value = act();
    if (value instanceof Promise) value.then(end, fail);
    else end();
    return value;
  } catch (error) {
    fail(error);
    throw error;
  }
}

/** The methods that the semantic conventions name. Others could be any text. */
const knownMethods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const methodOf = ({ method = "" }: IncomingMessage): string => (knownMethods.includes(method) ? method : "_OTHER");

/** The caller's span, from the `traceparent` header. @see https://www.w3.org/TR/trace-context/#traceparent-header */
function parentOf({ headers }: IncomingMessage): Context {
  const text = headers["traceparent"];
  const match = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(`${text}`);
  if (match === null) return ROOT_CONTEXT;
  const [, traceVersion, traceId = "", spanId = "", flags = "", rest] = match;
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  const isReadable = isSpanContextValid(spanContext) && (traceVersion !== "00" || rest === undefined);
  return isReadable ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT;
}

function createSampler({ sampler, ratio }: TracingConfiguration): Sampler {
  const roots: Readonly<Record<SamplerName, () => Sampler>> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
    parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    parentbased_traceidratio: () => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
  };
  return roots[sampler]();
}

function logWithTrace(log: Log, current: AsyncLocalStorage<Span>): Log {
  const traced = (facts: Facts = {}): Facts => {
    const span = current.getStore();
    return span === undefined ? facts : { ...facts, traceId: span.spanContext().traceId };
  };
  return {
    debug: (event, facts) => log.debug(event, traced(facts)),
    info: (event, facts) => log.info(event, traced(facts)),
    warn: (event, facts) => log.warn(event, traced(facts)),
    fault: (event, error, facts) => log.fault(event, error, traced(facts)),
  };
}
