import type { IncomingMessage } from "node:http";
import type { AnsweredRequest } from "../metrics/service-counts.ts";

/** A part of a request that has a span of its own. */
export type SpanName = `store ${string}` | "sign token" | "record event";

/** Traces requests, or does nothing. Spans hold no id of a client, secret or token, no address, no URL and no header. */
export interface Tracing {
  /** Begins the span of a request. undefined: it is not traced. */
  begin(request: IncomingMessage): RequestSpan | undefined;
  /** Runs a part of the request in progress, in a span if the request is traced. */
  part<Value>(name: SpanName, act: () => Value): Value;
  /** Sends what is left, within half a second. */
  close(): Promise<void>;
}

export interface RequestSpan {
  /** Runs the request, so that its parts and its log lines belong to the span. */
  run<Value>(act: () => Value): Value;
  end(outcome: AnsweredRequest): void;
}

/** Costs nothing but the calls. */
export const noTracing: Tracing = {
  begin: () => undefined,
  part: (_name, act) => act(),
  async close() {},
};
