import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type ServingCarnet, type ServingOptions, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";

/** A service process under attack. Honest callers request tokens from it at the same time. */
export class Target implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #carnet: ServingCarnet;
  readonly #sockets: Socket[] = [];

  private constructor(folder: TemporaryFolder, carnet: ServingCarnet) {
    this.#folder = folder;
    this.#carnet = carnet;
  }

  static async start(options: Partial<ServingOptions> = {}): Promise<Target> {
    const folder = await temporaryFolder();
    const target = new Target(folder, await serveCarnet({ folder: folder.path, ...options }));
    await target.answersHonestCallers();
    return target;
  }

  get url(): string {
    return this.#carnet.url;
  }

  /** Waits until the service has logged a line that matches. */
  async logs(pattern: RegExp): Promise<void> {
    await this.#carnet.process.prints("stdout", pattern);
  }

  /** The number of open file descriptors of the service. */
  get files(): number {
    return readdirSync(`/proc/${this.#carnet.process.pid}/fd`).length;
  }

  /** The resident memory of the service, in MiB. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.#carnet.process.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** Opens a connection that never reads, and sends something on it. */
  async hold(text: string, from = "127.0.0.3"): Promise<Socket> {
    const { port, hostname } = new URL(this.url);
    const socket = connect({ port: Number(port), host: hostname, localAddress: from }).pause();
    this.#sockets.push(socket);
    socket.on("error", () => {}); // the service may close it
    await Promise.race([once(socket, "connect"), once(socket, "close")]);
    if (!socket.destroyed) await new Promise<void>((sent) => socket.write(text, () => sent()));
    return socket;
  }

  /** Asserts that callers from another address get tokens, each on its own connection. */
  async answersHonestCallers(from = "127.0.0.2"): Promise<void> {
    const { client_id, client_secret } = JSON.parse(readFileSync(this.#folder.file("admin.json"), "utf8"));
    const form = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
    for (let asked = 0; asked < 10; asked++) {
      const asking = request(`${this.url}/oauth2/token`, { method: "POST", localAddress: from, agent: false });
      asking.setHeader("Content-Type", "application/x-www-form-urlencoded").end(form.toString());
      const [answer] = await once(asking, "response");
      assert.equal(answer.statusCode, 200, await text(answer));
      answer.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#carnet[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}
