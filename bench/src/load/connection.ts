import { connect, type Socket } from "node:net";

/** Called once per response with its status, or with 0 if the connection broke. */
export type OnAnswer = (connection: Connection, status: number) => void;

/**
 * One keep-alive HTTP/1.1 connection with one request in flight. It uses bare sockets because the generator shares the
 * machine with the servers it measures, so it must cost far less than they do. It parses only responses with a
 * Content-Length or chunks, which is what the contenders send.
 */
export class Connection {
  readonly #port: number;
  readonly #onAnswer: OnAnswer;
  #socket: Socket;
  #received: Buffer | undefined;
  #waiting = false;
  #closed = false;
  /** When the current request was due, set by the caller. */
  intendedAt = 0;

  private constructor(port: number, onAnswer: OnAnswer, socket: Socket) {
    this.#port = port;
    this.#onAnswer = onAnswer;
    this.#socket = this.#adopt(socket);
  }

  get isWaiting(): boolean {
    return this.#waiting;
  }

  static async open(port: number, onAnswer: OnAnswer): Promise<Connection> {
    return new Connection(port, onAnswer, await openSocket(port));
  }

  /** Does nothing on a connection that was lost and could not be opened again. */
  send(request: string): void {
    if (this.#closed) return;
    this.#waiting = true;
    this.#socket.write(request, "latin1");
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #adopt(socket: Socket): Socket {
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => {});
    socket.on("close", () => void this.#reopen());
    return socket;
  }

  #receive(chunk: Buffer): void {
    const received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    const status = statusOfComplete(received);
    if (status === undefined) {
      this.#received = received;
      return;
    }
    this.#received = undefined;
    this.#waiting = false;
    this.#onAnswer(this, status);
  }

  async #reopen(): Promise<void> {
    if (this.#closed) return;
    const lost = this.#waiting;
    this.#waiting = false;
    this.#received = undefined;
    try {
      this.#socket = this.#adopt(await openSocket(this.#port));
    } catch {
      this.#closed = true;
    }
    if (lost) this.#onAnswer(this, 0);
  }
}

/** A stopped process accepts no connections once its queue is full, and then the system would retry for minutes. */
const connectTimeoutMs = 5000;

function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error("it accepts no connections")), connectTimeoutMs);
    socket.once("error", reject);
    socket.once("close", () => clearTimeout(timer));
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

const endOfHead = Buffer.from("\r\n\r\n");
const endOfChunks = Buffer.from("0\r\n\r\n");

/** The status if the response is complete, else undefined. */
function statusOfComplete(received: Buffer): number | undefined {
  const end = received.indexOf(endOfHead);
  if (end < 0) return undefined;
  const head = received.toString("latin1", 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  const isComplete =
    length === null
      ? received.subarray(-endOfChunks.length).equals(endOfChunks)
      : received.length >= end + endOfHead.length + Number(length[1]);
  return isComplete ? Number(head.slice(9, 12)) : undefined;
}
