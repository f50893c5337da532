import assert from "node:assert/strict";
import { test } from "node:test";
import type { SDK } from "@carnet/sdk";
import { openTelemetryHooks } from "@carnet/sdk/opentelemetry";
import { propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { connectionRefused, network, type Reaction, type Sent, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";

/** An SDK that records spans in memory. */
function traced(react: (sent: Sent, n: number) => Reaction) {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const net = network(react);
  const sdk: SDK = sdkFor(net, { hooks: openTelemetryHooks({ tracerProvider }) });
  return { sdk, net, spans: () => exporter.getFinishedSpans() };
}

const api = (react: (n: number) => Reaction) => {
  let n = 0;
  return (sent: Sent) => (sent.url.endsWith("token") ? tokenAnswer({ access_token: "the-very-token" }) : react(n++));
};

test("each attempt is a client span with the attributes of the HTTP convention", async () => {
  const { sdk, spans } = traced(
    api((n) => (n === 0 ? connectionRefused() : n === 1 ? new Response("", { status: 503 }) : new Response("ok"))),
  );
  await sdk.fetch("/files?q=query-value");
  const shared = {
    "http.request.method": "GET",
    "server.address": "api.example.test",
    "server.port": 443,
    "url.full": "https://api.example.test/files",
  };
  const [token, ...calls] = spans();
  assert.equal(token?.attributes["url.full"], "https://api.example.test/oauth2/token");
  assert.deepEqual(
    calls.map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status: status.code })),
    [
      { "error.type": "TypeError" },
      { "http.response.status_code": 503, "error.type": "503" },
      { "http.response.status_code": 200 },
    ].map((outcome) => ({
      name: "GET",
      kind: SpanKind.CLIENT,
      attributes: { ...shared, ...outcome },
      status: "error.type" in outcome ? SpanStatusCode.ERROR : SpanStatusCode.UNSET,
    })),
  );
});

test("a span has no secret, no token and no query", async () => {
  const { sdk, spans } = traced(api(() => new Response("ok")));
  await sdk.fetch("/files?q=query-value", { headers: { "x-key": "header-value" }, method: "POST", body: "body-value" });
  const text = JSON.stringify(
    spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
  );
  assert.equal(spans().length, 2);
  assert.doesNotMatch(text, /the-very-token|query-value|header-value|body-value/);
  assert.ok(!text.includes(CLIENT_SECRET));
});

test("an aborted attempt ends its span", async () => {
  const controller = new AbortController();
  const { sdk, spans } = traced(
    api(() => {
      controller.abort();
      return new DOMException("aborted", "AbortError");
    }),
  );
  await failure(sdk.fetch("/x", { signal: controller.signal }));
  assert.equal(spans()[1]?.attributes["error.type"], "AbortError");
});

test("requests carry the trace context of their span, unless propagate is false", async () => {
  propagation.setGlobalPropagator({
    inject: (context, carrier, setter) =>
      setter.set(carrier, "traceparent", String(trace.getSpanContext(context)?.spanId)),
    extract: (context) => context,
    fields: () => ["traceparent"],
  });
  try {
    const { sdk, net, spans } = traced(() => tokenAnswer());
    await sdk.token();
    assert.equal(net.sent[0]?.headers.get("traceparent"), spans()[0]?.spanContext().spanId);
    const quiet = network(() => tokenAnswer());
    await sdkFor(quiet, { hooks: openTelemetryHooks({ propagate: false }) }).token();
    assert.equal(quiet.sent[0]?.headers.get("traceparent"), null);
  } finally {
    propagation.disable();
  }
});

test("without a tracer provider nothing is recorded and calls work", async () => {
  const sdk = sdkFor(
    network(() => tokenAnswer()),
    { hooks: openTelemetryHooks() },
  );
  assert.equal((await sdk.token()).accessToken, "token-1");
});
