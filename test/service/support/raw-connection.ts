import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A connection for raw HTTP, so that a request can be left unfinished. */
export class RawConnection implements AsyncDisposable {
  received = "";
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    const look = (): void => {
      for (const watcher of this.#watchers) watcher();
    };
    socket.setEncoding("latin1").on("data", (text: string) => {
      this.received += text;
      look();
    });
    socket.on("error", () => {}); // a reset also closes the connection
    this.#closed = new Promise((resolve) => {
      socket.on("close", () => {
        look();
        resolve();
      });
    });
  }

  static async to(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Stops reading, so that the sender cannot finish. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves once the received text matches. Rejects if the connection ends first. */
  async receives(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(this.received)) resolve();
        else if (this.#socket.closed) reject(new Error(`closed without ${pattern}: ${this.received.slice(0, 500)}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Resolves once the connection is closed. */
  closed(): Promise<void> {
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#closed;
  }
}

/** The head and the body of a token request as sent over HTTP. */
export function tokenRequest(clientId: string, clientSecret: string): { head: string; body: string } {
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  }).toString();
  const head = [
    "POST /oauth2/token HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${body.length}`,
    "",
    "",
  ];
  return { head: head.join("\r\n"), body };
}
