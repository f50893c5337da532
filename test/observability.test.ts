import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { parse } from "@carnet/server/configuration/yaml";
import { type Metric, type MetricName, metricTable } from "@carnet/server/metrics/metric-table";
import { freePort } from "@carnet/testkit/free-port";
import { parseSeries, type Series } from "@carnet/testkit/scrape";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { startTestService } from "@carnet/testkit/service";
import { parser } from "@prometheus-io/lezer-promql";

const folder = "deploy/observability";
const dashboard = JSON.parse(readFileSync(`${folder}/grafana-dashboard.json`, "utf8"));
const rules: readonly Rule[] = parse(readFileSync(`${folder}/alerts.yaml`, "utf8")).groups.flatMap(
  ({ rules }: { rules: readonly Rule[] }) => rules,
);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const panels: readonly Panel[] = dashboard.panels;

const queries = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr }))),
].map(({ where, expr }) => ({ where, expr: expr.replaceAll("$__rate_interval", "5m") }));

/** The labels that Prometheus itself adds. */
const added = ["job", "instance"];

/** What a running service exposes: the names of its metrics, and its series. */
let types: ReadonlySet<string>;
let series: readonly Series[];

before(async () => {
  const managementPort = await freePort();
  await using service = await startTestService({
    settings: { managementPort: String(managementPort) },
    environment: {
      CARNET_WEBHOOK_URL: `http://127.0.0.1:${await freePort()}`,
      CARNET_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}`,
    },
  });
  const { clientId, clientSecret } = await service.register({ expires_at: "2099-01-01T00:00:00Z" });
  assert.equal((await requestToken(service.url, clientId, clientSecret)).status, 200);
  await requestToken(service.url, clientId, "wrong");
  const admin = service.server.bootstrapAdmin;
  assert.ok(admin);
  const answer = await requestToken(service.url, admin.clientId, admin.clientSecret.reveal());
  const headers = { Authorization: `Bearer ${JSON.parse(await answer.text()).access_token}` };
  assert.equal((await fetch(`${service.url}/admin/v1/clients/${clientId}`, { headers })).status, 200);
  const text = await (await fetch(`http://127.0.0.1:${managementPort}/metrics`)).text();
  types = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
  series = parseSeries(text);
});

interface Selector {
  readonly name: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/** Parses a query. Throws if Prometheus would not accept it. */
function readQuery(expr: string): { readonly selectors: readonly Selector[]; readonly grouping: readonly string[] } {
  const texts = new Map<string, string[]>();
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`${expr} is not PromQL at ${node.from}`);
      texts.set(node.name, [...(texts.get(node.name) ?? []), expr.slice(node.from, node.to)]);
    },
  });
  const selectors = (texts.get("VectorSelector") ?? []).map((text) => ({
    name: /^[a-z_]+/.exec(text)?.[0] ?? "",
    matchers: [...text.matchAll(/([a-z_]+)(=~|!=|!~|=)"([^"]*)"/g)].map(
      ([, label = "", operator = "", value = ""]) => ({ label, operator, value }),
    ),
  }));
  const grouping = (texts.get("GroupingLabels") ?? []).flatMap((text) => text.match(/[a-z_]+/g) ?? []);
  return { selectors, grouping };
}

/** The metric that a series belongs to: a histogram has three names for its series. */
const metricOf = (name: string): Metric | undefined =>
  (metricTable as Readonly<Record<string, Metric | undefined>>)[name.replace(/_(?:bucket|sum|count)$/, "")] ??
  (metricTable as Readonly<Record<string, Metric | undefined>>)[name];

const labelsOf = (name: string): readonly string[] => [
  ...added,
  ...(metricOf(name)?.labels ?? []),
  ...(name.endsWith("_bucket") ? ["le"] : []),
];

suite("The dashboard and the alert rules", () => {
  test("query only metrics and labels that a running service exposes", () => {
    assert.ok(queries.length > 50);
    for (const { where, expr } of queries) {
      const { selectors, grouping } = readQuery(expr);
      assert.ok(selectors.length > 0, `${where} queries nothing`);
      for (const { name, matchers } of selectors) {
        const known = name === "up" || types.has(name) || series.some((one) => one.name === name);
        assert.ok(known, `${where}: ${name} is not exposed`);
        for (const { label } of matchers)
          assert.ok(labelsOf(name).includes(label), `${where}: ${name} has no ${label}`);
      }
      const labels = selectors.flatMap(({ name }) => labelsOf(name));
      for (const label of grouping) assert.ok(labels.includes(label), `${where}: nothing has the label ${label}`);
    }
  });

  test("compare labels with values that a running service has", () => {
    for (const { where, expr } of queries) {
      for (const { name, matchers } of readQuery(expr).selectors) {
        for (const { label, value } of matchers.filter((one) => !added.includes(one.label) && one.label !== "status")) {
          const values = new Set(series.filter((one) => one.name === name).map(({ labels }) => labels[label]));
          for (const one of value.split("|")) assert.ok(values.has(one), `${where}: no ${name} has ${label}="${one}"`);
        }
      }
    }
  });

  test("use every metric that the service exposes", () => {
    const used = new Set(queries.flatMap(({ expr }) => readQuery(expr).selectors.map(({ name }) => name)));
    const isUsed = (name: string): boolean => used.has(name) || used.has(`${name}_bucket`);
    assert.deepEqual(
      Object.keys(metricTable).filter((name) => !isUsed(name)),
      [],
    );
  });

  test("are well formed", () => {
    const ids = dashboard.panels.map(({ id }: { id: number }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
    for (const { alert, labels, annotations, for: duration = "1m" } of rules) {
      assert.match(alert, /^Carnet[A-Za-z]+$/);
      assert.ok(["critical", "warning"].includes(labels.severity), alert);
      assert.match(duration, /^\d+[smhd]$/);
      assert.ok(annotations.summary !== "" && annotations.description !== "", alert);
    }
  });

  test("are explained in the guide", () => {
    const guide = readFileSync("docs/operate/monitoring.md", "utf8");
    const named = [...guide.matchAll(/^\| `(Carnet\w+)`/gm)].map(([, name = ""]) => name);
    assert.deepEqual(named.sort(), rules.map(({ alert }) => alert).sort());
  });
});

test("The reference names every metric with its type and its labels", () => {
  const page = readFileSync("docs/reference/metrics.md", "utf8");
  for (const name of types) {
    const { type, labels = [] }: Metric = metricTable[name as MetricName];
    const shown = labels.length === 0 ? "none" : labels.map((label) => `\`${label}\``).join(", ");
    assert.ok(page.includes(`| \`${name}\` | ${type} | ${shown} |`), name);
  }
});
