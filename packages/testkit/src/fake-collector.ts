import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A span as OTLP has it in JSON. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly status?: { readonly code?: number };
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** An OpenTelemetry collector on a loopback port that receives traces over HTTP. */
export interface FakeCollector extends AsyncDisposable {
  readonly url: string;
  /** Every request body so far, as text. */
  readonly bodies: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  spans(): readonly ReceivedSpan[];
}

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
}

export async function startFakeCollector(): Promise<FakeCollector> {
  const bodies: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/v1/traces") bodies.push(Buffer.concat(chunks).toString());
      headers.push(request.headers);
      response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    headers,
    spans: () => bodies.flatMap(spansOf),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

function spansOf(body: string): readonly ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body);
  return resourceSpans.flatMap(({ scopeSpans }: { scopeSpans: { spans: readonly object[] }[] }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => withPlainAttributes(span as RawSpan))),
  );
}

type RawSpan = Omit<ReceivedSpan, "attributes"> & {
  readonly attributes: readonly { readonly key: string; readonly value: Value }[];
};

const withPlainAttributes = ({ attributes, ...span }: RawSpan): ReceivedSpan => ({
  ...span,
  attributes: Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  ),
});
