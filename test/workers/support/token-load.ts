import { Agent, request } from "undici";
import type { ServingWorkers } from "./serve-workers.ts";

/** Callers that request tokens one after another: some keep their connection, the others open one for each request. */
export interface TokenLoad extends AsyncDisposable {
  /** The lifetime of each token, in seconds. */
  readonly lifetimes: number[];
  /** Why requests got no token. */
  readonly failures: string[];
  stop(): Promise<void>;
}

export function loadWithTokens(
  { url, credentials }: Pick<ServingWorkers, "url" | "credentials">,
  callers = 12,
  connect: Agent.Options["connect"] = {},
): TokenLoad {
  const keeping = new Agent({ connections: callers, connect });
  const opening = new Agent({ connections: callers, pipelining: 0, connect });
  const lifetimes: number[] = [];
  const failures: string[] = [];
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
  }).toString();
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  let stopping: Promise<void> | undefined;

  async function call(dispatcher: Agent): Promise<void> {
    while (stopping === undefined) {
      try {
        const answer = await request(`${url}/oauth2/token`, { method: "POST", headers, body, dispatcher });
        const text = await answer.body.text();
        if (answer.statusCode === 200) lifetimes.push(JSON.parse(text).expires_in);
        else failures.push(`${answer.statusCode} ${text}`);
      } catch (error) {
        failures.push(String(error));
      }
    }
  }

  const calls = Array.from({ length: callers }, (_, index) => call(index % 2 === 0 ? keeping : opening));
  async function end(): Promise<void> {
    await Promise.all(calls);
    await Promise.all([keeping.close(), opening.close()]);
  }
  const stop = (): Promise<void> => (stopping ??= end());
  return { lifetimes, failures, stop, [Symbol.asyncDispose]: stop };
}
