import { CarnetProcess, type ProcessOptions } from "./carnet-process.ts";
import { freePort } from "./free-port.ts";

/** `carnet serve` in its own process, listening. */
export interface ServingCarnet extends AsyncDisposable {
  readonly process: CarnetProcess;
  readonly url: string;
}

export interface ServingOptions extends ProcessOptions {
  /** Its data folder. */
  readonly folder: string;
  readonly args?: readonly string[];
  /** What it prints when it is up. Default: that it listens. */
  readonly until?: RegExp;
}

/** Starts `carnet serve` on a free loopback port. Tries another port if this one is taken meanwhile. */
export async function serveCarnet({
  folder,
  args = [],
  until = /"event":"listening"/,
  ...options
}: ServingOptions): Promise<ServingCarnet> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const flags = ["--host", "127.0.0.1", "--port", `${port}`, "--data-dir", folder];
    const process = new CarnetProcess(["serve", "--issuer", `http://127.0.0.1:${port}`, ...flags, ...args], options);
    try {
      await process.prints("stdout", until);
      return { process, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
    } catch (error) {
      await process[Symbol.asyncDispose]();
      if (tries === 5 || !process.stderr.includes("is taken")) throw error;
    }
  }
}

/** Requests a token as most callers do: with a form that contains the credentials. */
export const requestToken = (url: string, clientId: string, clientSecret: string): Promise<Response> =>
  fetch(`${url}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }),
  });
