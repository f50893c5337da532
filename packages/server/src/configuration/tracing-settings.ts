import { Redacted } from "@carnet/protocol/redacted";
import { OperatorFault } from "../fault.ts";

/** Where traces are sent, from the standard variables of OpenTelemetry. */
export interface TracingConfiguration {
  readonly url: string;
  /** They usually hold a key of the collector. */
  readonly headers: Redacted<Readonly<Record<string, string>>>;
  /** Milliseconds for one request to the collector. */
  readonly timeout: number;
  readonly sampler: SamplerName;
  /** The share of traces that is kept, from 0 to 1. */
  readonly ratio: number;
  /** Of the resource, such as `service.name`. */
  readonly attributes: Readonly<Record<string, string>>;
}

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

export type SamplerName = (typeof samplers)[number];

/** Variables that hold secrets, to be removed from the environment. */
export const secretTracingVariables = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables. Undefined: no collector is named, or tracing is turned off. Throws an OperatorFault for an invalid
 * value. @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function readTracing(environment: Environment): TracingConfiguration | undefined {
  const read = (name: string): string | undefined => environment[name]?.trim() || undefined; // empty means unset
  const endpoint = read("OTEL_EXPORTER_OTLP_ENDPOINT");
  const tracesEndpoint = read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const isOff = read("OTEL_SDK_DISABLED")?.toLowerCase() === "true" || read("OTEL_TRACES_EXPORTER") === "none";
  if (isOff || (endpoint === undefined && tracesEndpoint === undefined)) return undefined;
  refuseGrpc(read);
  return {
    url: urlOf({ endpoint, tracesEndpoint }),
    headers: new Redacted({
      ...pairsOf("OTEL_EXPORTER_OTLP_HEADERS", read("OTEL_EXPORTER_OTLP_HEADERS")),
      ...pairsOf("OTEL_EXPORTER_OTLP_TRACES_HEADERS", read("OTEL_EXPORTER_OTLP_TRACES_HEADERS")),
    }),
    timeout: numberOf("OTEL_EXPORTER_OTLP_TIMEOUT", read("OTEL_EXPORTER_OTLP_TIMEOUT") ?? "10000", 60_000),
    sampler: samplerOf(read("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on"),
    ratio: numberOf("OTEL_TRACES_SAMPLER_ARG", read("OTEL_TRACES_SAMPLER_ARG") ?? "1", 1),
    attributes: {
      "service.name": "carnet",
      ...pairsOf("OTEL_RESOURCE_ATTRIBUTES", read("OTEL_RESOURCE_ATTRIBUTES")),
      ...(read("OTEL_SERVICE_NAME") === undefined ? {} : { "service.name": read("OTEL_SERVICE_NAME") ?? "" }),
    },
  };
}

/** Never shows the value, which can hold a key. */
const invalid = (name: string, accepts: string): OperatorFault =>
  new OperatorFault(`The environment variable ${name} has an invalid value. Accepted: ${accepts}. Or unset it.`);

function refuseGrpc(read: (name: string) => string | undefined): void {
  const name = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"].find((one) => read(one));
  if (name === undefined || ["http/json", "http/protobuf"].includes(read(name) ?? "")) return;
  throw invalid(name, "http/json or http/protobuf, and the port of the collector for OTLP over HTTP, usually 4318");
}

/** The endpoint of traces is used as it is; the common one is a base. */
function urlOf({ endpoint = "", tracesEndpoint }: Readonly<Record<"endpoint" | "tracesEndpoint", string | undefined>>) {
  const [name, text] =
    tracesEndpoint === undefined
      ? ["OTEL_EXPORTER_OTLP_ENDPOINT", `${endpoint.replace(/\/$/, "")}/v1/traces`]
      : ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", tracesEndpoint];
  const url = URL.parse(text);
  const isUsable = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  if (!isUsable) throw invalid(name, "an http or https URL without a user name, such as http://localhost:4318");
  return url.href;
}

function samplerOf(text: string): SamplerName {
  const sampler = samplers.find((name) => name === text);
  if (sampler === undefined) throw invalid("OTEL_TRACES_SAMPLER", samplers.join(", "));
  return sampler;
}

function numberOf(name: string, text: string, max: number): number {
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= max)) throw invalid(name, `a number from 0 to ${max}`);
  return number;
}

/** `key1=value1,key2=value2`, with percent-encoded values, as W3C Baggage has them. */
function pairsOf(name: string, text: string | undefined): Readonly<Record<string, string>> {
  const pairs = (text ?? "").split(",").filter((pair) => pair.trim() !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key = "", value = ""] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      const decoded = decode(value);
      if (key === "" || decoded === undefined) throw invalid(name, "key=value pairs, separated by commas");
      return [key, decoded];
    }),
  );
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
