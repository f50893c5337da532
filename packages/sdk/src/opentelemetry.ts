/** OpenTelemetry spans for the SDK's requests. Needs the package `@opentelemetry/api`, which the main entry never loads. */

import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import type { HTTPClientHooks } from "./http/http-client.ts";
import { withoutQuery } from "./http/without-query.ts";
import { VERSION } from "./version.ts";

/** The options of {@link openTelemetryHooks}. */
export interface OpenTelemetryOptions {
  /** Makes the spans. Default: the global provider. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Whether requests carry the trace context, as the global propagator writes it. Default: true. */
  readonly propagate?: boolean | undefined;
}

/**
 * Hooks that make one client span for each HTTP request, retries included, and send the trace context with it. A span has
 * the method, the URL without its query, and the status or the kind of error, but no header and no body. It ends when the
 * response's headers arrive.
 *
 * ```ts
 * import { SDK } from "@carnet/sdk";
 * import { openTelemetryHooks } from "@carnet/sdk/opentelemetry";
 *
 * await using sdk = new SDK({ hooks: openTelemetryHooks() });
 * console.log((await sdk.token()).scope);
 * ```
 * @see {@link https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span HTTP client spans}
 */
export function openTelemetryHooks({
  tracerProvider,
  propagate = true,
}: OpenTelemetryOptions = {}): Required<HTTPClientHooks> {
  const spans = new WeakMap<Request, Span>();
  const tracer = (tracerProvider ?? trace).getTracer("@carnet/sdk", VERSION);
  const end = (request: Request, attributes: Attributes, failed: boolean): void => {
    const span = spans.get(request);
    span?.setAttributes(attributes);
    if (failed) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
  };
  return {
    beforeRequest(request) {
      const { method } = request;
      const span = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes: attributesOf(request) });
      spans.set(request, span);
      const setter = { set: (headers: Headers, name: string, value: string) => headers.set(name, value) };
      if (propagate) propagation.inject(trace.setSpan(context.active(), span), request.headers, setter);
      return undefined;
    },
    requestError(error, request) {
      end(request, { "error.type": error.name }, true);
    },
    response({ status }, request) {
      const failed = status >= 400;
      end(request, { "http.response.status_code": status, ...(failed && { "error.type": String(status) }) }, failed);
    },
  };
}

function attributesOf({ method, url }: Request): Attributes {
  const { hostname, port, protocol } = new URL(url);
  return {
    "http.request.method": method,
    "server.address": hostname,
    "server.port": Number(port) || (protocol === "https:" ? 443 : 80),
    "url.full": withoutQuery(url),
  };
}
