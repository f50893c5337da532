import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { suite, test } from "node:test";
import { tokenRefusals } from "@carnet/core/audit/token-refusals";
import { PackedClients } from "@carnet/server/memory/packed-clients";
import { type Metric, type MetricName, metricTable } from "@carnet/server/metrics/metric-table";
import { createNodeMetrics, type MetricsJson, renderMetrics } from "@carnet/server/metrics/node-metrics";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { freePort } from "@carnet/testkit/free-port";
import { parseSeries, scrape, sumOf } from "@carnet/testkit/scrape";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { testCounts } from "@carnet/testkit/test-counts";
import { exchange } from "../leaks/raw-request.ts";
import { AdminApi } from "../support/admin-api.ts";

async function startMeasured(): Promise<{ readonly service: TestService; readonly management: string }> {
  const port = await freePort();
  const service = await startTestService({ settings: { managementPort: String(port) } });
  return { service, management: `http://127.0.0.1:${port}` };
}

/** Sends requests of every kind. */
async function useEverything({ url, register, server }: TestService): Promise<void> {
  const { clientId, clientSecret } = await register({ scope: "file:read", expires_at: "2099-01-01T00:00:00Z" });
  const answer = await requestToken(url, clientId, clientSecret);
  const { access_token: token } = JSON.parse(await answer.text());
  const admin = server.bootstrapAdmin;
  assert.ok(admin);
  const adminAnswer = await requestToken(url, admin.clientId, admin.clientSecret.reveal());
  const { access_token: adminToken } = JSON.parse(await adminAnswer.text());
  const headers = { Authorization: `Bearer ${adminToken}` };
  await fetch(`${url}/oauth2/token`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  await requestToken(url, clientId, "carnet_wrong");
  await requestToken(url, clientId, clientSecret);
  await fetch(`${url}/admin/v1/clients/${clientId}`, { headers });
  await fetch(`${url}/admin/v1/clients/${clientId}`, { method: "DELETE", headers });
  for (const path of ["/", "/oauth2/jwks", "/health/ready", "/nothing/here"]) await fetch(`${url}${path}`);
  const body = new URLSearchParams({ token, client_id: clientId, client_secret: "wrong" });
  await exchange(url, "no HTTP\r\n\r\n");
  for (const path of ["/oauth2/introspect", "/oauth2/revoke"]) await fetch(`${url}${path}`, { method: "POST", body });
}

/** The metric that a series belongs to: a histogram has three names for its series. */
const metricOf = (name: string): string => {
  const part = /^(.+)_(?:bucket|sum|count)$/.exec(name)?.[1];
  return part !== undefined && part in metricTable ? part : name;
};

suite("The metrics of a service", () => {
  test("count tokens, refusals and requests, and describe the state of the process", async () => {
    const { service, management } = await startMeasured();
    await using _ = service;
    await useEverything(service);
    const series = await scrape(management);
    assert.equal(sumOf(series, "carnet_tokens_issued_total"), 3);
    assert.equal(sumOf(series, "carnet_tokens_returned_total"), 1);
    assert.equal(sumOf(series, "carnet_refusals_total", { endpoint: "token", reason: "secret_incomplete" }), 1);
    assert.equal(sumOf(series, "carnet_refusals_total", { endpoint: "introspect" }), 1);
    const requests = (operation: string, status: string) =>
      sumOf(series, "carnet_http_requests_total", { operation, status });
    assert.equal(requests("POST /oauth2/token", "2xx"), 4);
    assert.equal(requests("POST /oauth2/token", "4xx"), 1);
    assert.equal(requests("GET /admin/v1/clients/:client_id", "2xx"), 1);
    assert.equal(requests("unknown", "4xx"), 2);
    assert.equal(sumOf(series, "carnet_http_request_duration_seconds_count", { endpoint: "token" }), 5);
    assert.equal(sumOf(series, "carnet_http_request_duration_seconds_bucket", { endpoint: "token", le: "+Inf" }), 5);
    assert.ok(sumOf(series, "carnet_store_duration_seconds_count", { operation: "find_by_secret" }) >= 2);
    for (const up of ["carnet_store_up", "carnet_journal_up", "carnet_processes", "carnet_build_info"])
      assert.equal(sumOf(series, up), 1, up);
    assert.ok(sumOf(series, "carnet_client_memory_misses_total") >= 2);
    assert.equal(sumOf(series, "carnet_background_task_failures_total"), 0);
    assert.ok(sumOf(series, "carnet_change_feed_age_seconds") < 30);
    assert.ok(sumOf(series, "carnet_signing_key_created_timestamp_seconds") > 1e9);
    assert.ok(sumOf(series, "carnet_process_resident_memory_bytes") > 1e7);
  });

  test("are those of the table, with its labels and its types", async () => {
    const { service, management } = await startMeasured();
    await using _ = service;
    await useEverything(service);
    const answer = await fetch(`${management}/metrics`);
    assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const text = await answer.text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
    const table = Object.entries(metricTable).map(([name, { type }]) => [name, type]);
    assert.deepEqual(types.sort(), table.sort());
    for (const { name, labels } of parseSeries(text)) {
      const metric: Metric = metricTable[metricOf(name) as MetricName];
      const expected = [...(metric.labels ?? []), ...(name.endsWith("_bucket") ? ["le"] : [])];
      assert.deepEqual(Object.keys(labels).sort(), expected.sort(), name);
    }
  });

  test("show the age of the key that signs, not of an upcoming or a revoked one", async () => {
    const [clock, port] = [new FixedClock("2026-11-21T12:00:00Z"), await freePort()];
    await using service = await startTestService({ clock, settings: { managementPort: String(port) } });
    const api = await AdminApi.of(service);
    const started = clock.now() / 1000;
    const change = async (path: string, body?: object) => {
      clock.advance(60_000);
      return Object((await api.expect(200, "POST", `/keys/${path}`, body && { body })).json["key"]).kid;
    };
    const shown = async () => {
      const series = parseSeries(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
      return sumOf(series, "carnet_signing_key_created_timestamp_seconds") - started;
    };
    const upcoming = await change("rotate", {});
    assert.equal(await shown(), 0);
    await change(`${upcoming}/retire`);
    const second = await change("rotate", { now: true });
    assert.equal(await shown(), 180);
    await change(`${second}/revoke`);
    assert.equal(await shown(), 240);
    const series = parseSeries(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
    assert.equal(sumOf(series, "carnet_signing_key_rotation_seconds"), 90 * 86_400);
  });

  test("have no series that a crowd of random requests could add", async () => {
    const { service, management } = await startMeasured();
    await using _ = service;
    await useEverything(service);
    const marks: string[] = [];
    for (let at = 0; at < 300; at++) {
      const mark = `m${randomUUID()}`;
      marks.push(mark);
      const method = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"][at % 6] ?? "GET";
      const path = ["/", "/oauth2/", "/admin/v1/clients/", "/health/", "/docs/", "/oauth2/token?x="][at % 5] ?? "/";
      const form = new URLSearchParams({ grant_type: mark, client_id: mark, client_secret: mark, scope: mark });
      const headers = { "X-Request-ID": mark, "X-Version": mark, Authorization: `${mark} ${mark}` };
      const body = ["GET", "OPTIONS"].includes(method) ? null : form;
      await fetch(`${service.url}${path}${mark}`, { method, headers, body });
      await fetch(`${service.url}/oauth2/token`, { method: "POST", headers, body: form });
    }
    const text = await (await fetch(`${management}/metrics`)).text();
    assert.deepEqual(
      marks.filter((mark) => text.includes(mark)),
      [],
    );
    const series = parseSeries(text);
    for (const { labels } of series.filter(({ name }) => name === "carnet_refusals_total"))
      assert.ok(Object.hasOwn(tokenRefusals, labels["reason"] ?? ""), String(labels["reason"]));
    const routes = series.map(({ labels }) => labels["operation"] ?? "");
    assert.ok(new Set(routes).size < 25, [...new Set(routes)].join(", "));
    assert.ok(series.length < 300, `${series.length} series`);
  });

  test("say that the store is not reached while the start waits for it", async () => {
    const metrics = createNodeMetrics({
      ...{ counts: testCounts(), clock: new FixedClock("2026-06-01T00:00:00Z"), certificate: undefined },
    });
    const series = parseSeries(await renderMetrics([await metrics.json()]));
    metrics.stop();
    assert.ok(series.some(({ name, value }) => name === "carnet_store_up" && value === 0));
    assert.equal(sumOf(series, "carnet_processes"), 1);
    assert.ok(!series.some(({ name }) => name === "carnet_journal_up"));
  });

  test("do not wait for a store that hangs", async () => {
    const metrics = createNodeMetrics({
      ...{ counts: testCounts(), clock: new FixedClock("2026-06-01T00:00:00Z"), certificate: undefined },
    });
    const status = { isWritable: true, failures: 0, lost: 0, unsynced: { records: 0, since: 0 } };
    metrics.watch({
      ...{ signingKeys: () => [{ createdAt: 0 }], keyRotation: null },
      memory: new PackedClients(1024, 1),
      journal: { status },
      revocationList: { readAt: 0 },
      contact: { isAway: false, grace: { since: 0, ends: 0, isOver: false } },
      grace: 0,
      readStoredFacts: () => new Promise(() => {}),
    });
    const series = parseSeries(await renderMetrics([await metrics.json()]));
    metrics.stop();
    assert.equal(sumOf(series, "carnet_store_up"), 1);
  });

  test("of several processes are added up, apart from ages and states", async () => {
    const process = (issued: number, age: number, up: number): MetricsJson => [
      { ...row("carnet_tokens_issued_total", "sum"), values: [{ value: issued, labels: {} }] },
      { ...row("carnet_change_feed_age_seconds", "max"), values: [{ value: age, labels: {} }] },
      { ...row("carnet_store_up", "min"), values: [{ value: up, labels: {} }] },
    ];
    const series = parseSeries(await renderMetrics([process(3, 0.5, 1), process(4, 9, 0)]));
    assert.equal(sumOf(series, "carnet_tokens_issued_total"), 7);
    assert.equal(sumOf(series, "carnet_change_feed_age_seconds"), 9);
    assert.equal(sumOf(series, "carnet_store_up"), 0);
  });
});

const row = (name: MetricName, aggregator: "sum" | "max" | "min") =>
  ({ name, aggregator, type: metricTable[name].type, help: metricTable[name].help }) as const;

suite("The management listener", () => {
  test("serves GET and HEAD of the metrics and the probes, and nothing else", async () => {
    const { service, management } = await startMeasured();
    await using _ = service;
    const statusOf = async (path: string, method = "GET") => (await fetch(`${management}${path}`, { method })).status;
    for (const path of ["/metrics", "/health/live", "/health/ready"]) {
      assert.equal(await statusOf(path), 200);
      const head = await fetch(`${management}${path}`, { method: "HEAD" });
      assert.deepEqual([head.status, await head.text()], [200, ""]);
      const posted = await fetch(`${management}${path}`, { method: "POST", body: "x" });
      assert.deepEqual([posted.status, posted.headers.get("allow")], [405, "GET, HEAD"]);
    }
    for (const path of ["/", "/oauth2/token", "/admin/v1/clients", "/metrics/", "/constructor"]) {
      assert.equal(await statusOf(path), 404);
    }
    assert.equal((await fetch(`${service.url}/metrics`)).status, 404, "callers must not see the metrics");
  });

  test("is closed with the service, and does not exist without a port", async () => {
    const { service, management } = await startMeasured();
    await service[Symbol.asyncDispose]();
    await assert.rejects(fetch(`${management}/metrics`));
    await using other = await startTestService();
    assert.ok(!other.log.some((line) => line.includes("management_listening")));
  });

  test("bounds its connections", async () => {
    const { service, management } = await startMeasured();
    await using _ = service;
    const { hostname, port } = new URL(management);
    const sockets = Array.from({ length: 80 }, () => connect(Number(port), hostname));
    const ends = sockets.map(
      (socket) => new Promise<string>((resolve) => socket.on("error", () => {}).on("close", () => resolve("closed"))),
    );
    const closed = Promise.withResolvers<void>();
    let count = 0;
    for (const end of ends) void end.then(() => ++count === 30 && closed.resolve());
    await closed.promise; // 50 stay open
    for (const socket of sockets) socket.destroy();
  });

  test("closes idle connections to make room for a scraper", async () => {
    const { service, management } = await startMeasured();
    await using _ = service;
    const { hostname, port } = new URL(management);
    const idle = Array.from({ length: 50 }, () => connect(Number(port), hostname).on("error", () => {}));
    for (const socket of idle) {
      socket.write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(socket, "data");
    }
    const closed = Promise.all(idle.map((socket) => once(socket, "close")));
    await assert.rejects(scrape(management), "one that finds it full");
    await closed;
    assert.equal(sumOf(await scrape(management), "carnet_processes"), 1);
  });

  test("names its setting when its port is taken", async () => {
    const { service, management } = await startMeasured();
    await using _ = service;
    const { port } = new URL(management);
    await assert.rejects(startTestService({ settings: { managementPort: port } }), /set CARNET_MANAGEMENT_PORT/);
  });
});

test("Metrics have names that Prometheus recommends", () => {
  for (const [name, { type }] of Object.entries(metricTable)) {
    assert.match(name, /^carnet_[a-z]+(?:_[a-z]+)*$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
  }
});
