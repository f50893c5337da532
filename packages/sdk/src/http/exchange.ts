import { CarnetError } from "../errors/carnet-error.ts";
import type { Scrub } from "../redaction/scrub.ts";
import type { Settings } from "../settings/settings.ts";
import { attempt } from "./attempt.ts";

/** One request on its way and back. */
export interface Exchange<T> {
  readonly input: string | Request;
  readonly init: RequestInit & { readonly method: string };
  /** The address without its query. */
  readonly url: string;
  /** The names of the form's fields. */
  readonly fields?: readonly string[];
  readonly scrub: Scrub;
  readonly timeoutMs: number | undefined;
  /** Turns the answer into what is wanted, within the same limits. */
  read(response: Response, signal: AbortSignal | undefined): Promise<T>;
}

/** Sends one request, tells the debug log, and looks for deprecation. */
export function exchange<T>(settings: Settings, call: Exchange<T>): Promise<T> {
  const { clock, client, debugLogger, deprecation } = settings;
  const { url, scrub, timeoutMs, init } = call;
  const start = debugLogger === undefined ? 0 : clock.monotonic();
  const answer = attempt(clock, {
    url,
    scrub,
    timeoutMs,
    signal: init.signal,
    async run(signal) {
      const response = await client.request(call.input, signal === undefined ? init : { ...init, signal });
      deprecation.look(url, response.headers);
      if (debugLogger !== undefined) tell(settings, call, { response, start });
      return await call.read(response, signal);
    },
  });
  if (debugLogger === undefined) return answer;
  return answer.catch((error) => {
    tell(settings, call, { error, start });
    throw error;
  });
}

interface Seen {
  readonly start: number;
  readonly response?: Response;
  readonly error?: unknown;
}

function tell({ debugLogger, clock }: Settings, call: Exchange<unknown>, { start, response, error }: Seen): void {
  const method = call.init.method;
  const end = response?.status ?? (error instanceof CarnetError ? error.code : "failed");
  try {
    debugLogger?.debug(`${method} ${call.url} ${end}`, {
      method,
      url: call.url,
      headers: [...new Headers(call.init.headers).keys()],
      ...(call.fields && { fields: call.fields }),
      ...(response ? { status: response.status, answerHeaders: [...response.headers.keys()] } : { error: String(end) }),
      durationMs: clock.monotonic() - start,
    });
  } catch {} // A log that fails must not fail the call.
}
