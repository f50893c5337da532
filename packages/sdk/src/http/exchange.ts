import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import type { Scrub } from "../redaction/scrub.ts";
import type { Settings } from "../settings/settings.ts";
import { attempt } from "./attempt.ts";

/** One request on its way and back. */
export interface Exchange<T> {
  readonly input: string | Request;
  readonly init: RequestInit & { readonly method: string; readonly headers: Headers };
  /** The address without its query. */
  readonly url: string;
  /** The names of the form's fields. */
  readonly fields?: readonly string[] | undefined;
  readonly scrub: Scrub;
  readonly timeoutMs: number | undefined;
  /** Turns the answer into what is wanted, within the same limits. */
  read(response: Response, signal: AbortSignal | undefined): Promise<T>;
}

/** Sends one request, tells the debug log, and looks for deprecation. */
export async function exchange<T>(settings: Settings, call: Exchange<T>): Promise<T> {
  const { clock, client, lookForDeprecation } = settings;
  const start = clock.monotonic();
  try {
    return await attempt(clock, call, async (signal) => {
      const response = await client.request(call.input, signal ? { ...call.init, signal } : call.init);
      lookForDeprecation(call.url, response.headers);
      log(settings, call, { start, response });
      return await call.read(response, signal);
    });
  } catch (error) {
    log(settings, call, { start, error: error as AnyCarnetError }); // An attempt throws no other.
    throw error;
  }
}

interface Outcome {
  readonly start: number;
  readonly response?: Response;
  readonly error?: AnyCarnetError;
}

function log({ debugLogger, clock }: Settings, call: Exchange<unknown>, { start, response, error }: Outcome): void {
  if (!debugLogger) return;
  const { init, url, fields } = call;
  const { method } = init;
  const names = (headers: Headers | undefined): string[] | undefined => headers && [...headers.keys()];
  const status = response?.status ?? error?.code ?? "";
  try {
    debugLogger.debug(`${method} ${url} ${status}`, {
      method,
      url,
      headers: names(init.headers),
      fields,
      status,
      answerHeaders: names(response?.headers),
      durationMs: clock.monotonic() - start,
    });
  } catch {} // A log that fails must not fail the call.
}
