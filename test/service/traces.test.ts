import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startFakeCollector } from "@carnet/testkit/fake-collector";
import { freePort } from "@carnet/testkit/free-port";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { startTestService, type TestServiceOptions } from "@carnet/testkit/service";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${spanId}-01`;

/** Makes requests to a service, and stops it. The spans are sent before it has stopped. */
async function tracing(
  environment: Readonly<Record<string, string>>,
  use: (service: Awaited<ReturnType<typeof startTestService>>) => Promise<void>,
): Promise<readonly string[]> {
  const options: TestServiceOptions = { environment };
  await using service = await startTestService(options);
  await use(service);
  return service.log;
}

suite("Traces", () => {
  test("have a span for each request and for its parts, under the span of the caller", async () => {
    await using collector = await startFakeCollector();
    await tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: "iam" }, async (service) => {
      const { clientId, clientSecret } = await service.register({ scope: "file:read" });
      const body = new URLSearchParams({
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: clientSecret,
      });
      const answer = await fetch(`${service.url}/oauth2/token`, { method: "POST", body, headers: { traceparent } });
      assert.equal(answer.status, 200);
    });
    const spans = collector.spans();
    const server = spans.find(({ name }) => name === "POST /oauth2/token");
    assert.ok(server);
    assert.deepEqual([server.traceId, server.parentSpanId, server.kind], [traceId, spanId, 2]);
    assert.deepEqual(server.attributes, {
      "http.request.method": "POST",
      "http.route": "/oauth2/token",
      "http.response.status_code": 200,
    });
    const parts = spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
    assert.deepEqual(parts.map(({ name }) => name).sort(), ["record event", "sign token", "store find_by_secret"]);
    assert.ok(parts.every((part) => part.traceId === traceId));
    assert.match(collector.bodies.join(), /"service.name","value":\{"stringValue":"iam"\}/);
  });

  test("name the route of the other requests, and mark what failed", async () => {
    await using collector = await startFakeCollector();
    await tracing({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` }, async ({ url }) => {
      await fetch(`${url}/oauth2/jwks?secret=hidden`, { headers: { traceparent: "00-zz-1-01" } });
      await fetch(`${url}/admin/v1/clients/carnet_hidden`);
      await fetch(`${url}/hidden`, { method: "PROPFIND" });
    });
    const spans = collector.spans().filter(({ kind }) => kind === 2);
    assert.deepEqual(spans.map(({ name }) => name).sort(), [
      "GET /admin/v1/clients/:client_id",
      "GET /oauth2/jwks",
      "_OTHER",
    ]);
    assert.ok(spans.every(({ parentSpanId }) => !parentSpanId));
    assert.ok(!collector.bodies.join().includes("hidden"));
  });

  test("are named in the log lines of their request", async () => {
    await using collector = await startFakeCollector();
    const log = await tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, async (service) => {
      const admin = service.server.bootstrapAdmin;
      assert.ok(admin);
      const answer = await requestToken(service.url, admin.clientId, admin.clientSecret.reveal());
      const { access_token: token } = JSON.parse(await answer.text());
      const headers = { Authorization: `Bearer ${token}`, traceparent };
      await fetch(`${service.url}/admin/v1/clients`, { headers });
    });
    const line = log.find((text) => text.includes("admin_operation")) ?? "{}";
    assert.equal(JSON.parse(line).traceId, traceId);
    assert.ok(log.some((text) => text.includes("listening") && !text.includes("traceId")));
  });

  test("are left out as the sampler says, and where tracing is off", async () => {
    await using collector = await startFakeCollector();
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const unsampled = { traceparent: traceparent.replace(/01$/, "00") };
    await tracing(endpoint, async ({ url }) => void (await fetch(`${url}/oauth2/jwks`, { headers: unsampled })));
    const off: readonly Readonly<Record<string, string>>[] = [
      { ...endpoint, OTEL_TRACES_SAMPLER: "always_off" },
      { ...endpoint, OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
      { ...endpoint, OTEL_SDK_DISABLED: "true" },
      { ...endpoint, OTEL_TRACES_EXPORTER: "none" },
    ];
    for (const environment of off)
      await tracing(environment, async ({ url }) => void (await fetch(`${url}/oauth2/jwks`)));
    assert.deepEqual(collector.spans(), []);
  });

  test("send the headers of the collector, and cost one log line when it is away", async () => {
    await using collector = await startFakeCollector();
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: "api-key=the%20key,x=1" };
    await tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...headers }, async ({ url }) => {
      await fetch(`${url}/oauth2/jwks`);
    });
    assert.equal(collector.headers[0]?.["api-key"], "the key");
    const away = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`, ...headers };
    const log = await tracing({ ...away, OTEL_EXPORTER_OTLP_TIMEOUT: "200" }, async ({ url }) => {
      for (let at = 0; at < 3; at++) assert.equal((await fetch(`${url}/oauth2/jwks`)).status, 200);
    });
    const lines = log.filter((text) => text.includes("traces_not_sent"));
    assert.equal(lines.length, 1);
    assert.ok(!lines.join().includes("the key"));
  });
});
