import type { CarnetError } from "../errors/carnet-error.ts";
import type { Settings } from "../settings/settings.ts";
import type { Exchange } from "./exchange.ts";
import { withoutQuery } from "./without-query.ts";

interface Outcome {
  readonly start: number | undefined;
  readonly response?: Response;
  readonly error?: CarnetError;
}

/** Tells the debug log of an exchange: names and figures only. */
export function log({ debugLogger, clock }: Settings, call: Exchange<unknown>, outcome: Outcome): void {
  if (!debugLogger) return;
  const { init, fields } = call;
  const url = withoutQuery(call.url);
  const { start, response, error } = outcome;
  const { method } = init;
  const names = (headers: Headers | undefined): string[] | undefined => headers && [...headers.keys()];
  const status = response?.status ?? error?.code;
  try {
    debugLogger.debug(`${method} ${url} ${status}`, {
      method,
      url,
      headers: names(init.headers),
      fields,
      status,
      answerHeaders: names(response?.headers),
      durationMs: clock.monotonic() - Number(start),
    });
  } catch {} // A log that fails must not fail the call.
}
