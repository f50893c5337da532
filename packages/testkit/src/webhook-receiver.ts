import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export interface ReceivedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The ids of its events. */
  readonly ids: readonly string[];
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export const answerStatus =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(status, headers).end("ok");
  };

/** A receiver of webhooks on a loopback port. Its path contains a secret, as those of chat services do. */
export class WebhookReceiver implements AsyncDisposable {
  readonly received: ReceivedWebhook[] = [];
  /** Answers to the next requests; afterwards `otherwise`. */
  readonly answers: Answer[] = [];
  otherwise: Answer = answerStatus(200);
  /** The most requests that were in progress at once. */
  busiest = 0;
  readonly url: string;
  readonly #server;

  private constructor(server: ReturnType<typeof createServer>, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/services/${pathSecret}`;
  }

  static async start(): Promise<WebhookReceiver> {
    let receiver: WebhookReceiver | undefined;
    const server = createServer((request, response) => void receiver?.receive(request, response));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    receiver = new WebhookReceiver(server, address.port);
    return receiver;
  }

  /** The ids of all events, in the order in which they came. */
  get ids(): readonly string[] {
    return this.received.flatMap(({ ids }) => ids);
  }

  /** Resolves once so many requests have come. */
  async requests(count: number): Promise<void> {
    while (this.received.length < count) await once(this.#server, "received");
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inProgress++;
    this.busiest = Math.max(this.busiest, this.#inProgress);
    response.on("close", () => this.#inProgress--);
    const body = await text(request);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const events: readonly { readonly id: string }[] = JSON.parse(body).events;
    this.received.push({ headers, body, ids: events.map(({ id }) => id) });
    this.#server.emit("received");
    await (this.answers.shift() ?? this.otherwise)(response, request);
  }

  #inProgress = 0;

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const pathSecret = "T0PSECRET-path-of-the-chat-service";
