import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readTracing } from "@carnet/server/configuration/tracing-settings";
import { OperatorFault } from "@carnet/server/fault";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

suite("The settings of traces", () => {
  test("are none without an endpoint, or when OpenTelemetry is turned off", () => {
    assert.equal(readTracing({}), undefined);
    assert.equal(readTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: " ", OTEL_TRACES_SAMPLER: "nonsense" }), undefined);
    assert.equal(readTracing({ ...endpoint, OTEL_SDK_DISABLED: "TRUE" }), undefined);
    assert.equal(readTracing({ ...endpoint, OTEL_TRACES_EXPORTER: "none" }), undefined);
  });

  test("add the path of traces to the common endpoint, and take that of traces as it is", () => {
    const urlOf = (environment: Readonly<Record<string, string>>) => readTracing(environment)?.url;
    assert.equal(urlOf(endpoint), "http://collector:4318/v1/traces");
    assert.equal(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://c/base/" }), "https://c/base/v1/traces");
    assert.equal(urlOf({ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://c/in" }), "https://c/in");
  });

  test("have the defaults of the specification, and read pairs with percent-encoded values", () => {
    const { headers, ...tracing } = readTracing({
      ...endpoint,
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=prod, team = iam%2Ccore ,service.name=other",
      OTEL_SERVICE_NAME: "iam",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b,x=1",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x=2",
    }) ?? { headers: undefined };
    assert.deepEqual(headers?.reveal(), { "api-key": "a b", x: "2" });
    assert.deepEqual(tracing, {
      url: "http://collector:4318/v1/traces",
      timeout: 10_000,
      sampler: "parentbased_always_on",
      ratio: 1,
      attributes: { "deployment.environment": "prod", team: "iam,core", "service.name": "iam" },
    });
  });

  const bad: Readonly<Record<string, readonly string[]>> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: ["collector:4318", "ftp://hidden", "http://user:hidden@collector"],
    OTEL_EXPORTER_OTLP_PROTOCOL: ["grpc"],
    OTEL_EXPORTER_OTLP_HEADERS: ["hidden", "=hidden", "key=%hidden"],
    OTEL_EXPORTER_OTLP_TIMEOUT: ["-1", "10s", "60001"],
    OTEL_TRACES_SAMPLER: ["sometimes"],
    OTEL_TRACES_SAMPLER_ARG: ["1.1", "-0.1", "half", "NaN"],
    OTEL_RESOURCE_ATTRIBUTES: ["service.name"],
  };
  for (const [name, values] of Object.entries(bad)) {
    test(`are refused with the name of ${name}, and without its value`, () => {
      for (const value of values) {
        assert.throws(
          () => readTracing({ ...endpoint, [name]: value }),
          (error) =>
            error instanceof OperatorFault &&
            error.message.includes(`${name} has an invalid value. Accepted: `) &&
            !error.message.includes("hidden"),
          value,
        );
      }
    });
  }
});
