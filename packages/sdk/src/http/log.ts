import type { CarnetError } from "../errors/carnet-error.ts";
import type { Settings } from "../settings/settings.ts";
import { withoutQuery } from "./without-query.ts";

/** The request as the log shows it. */
interface Logged {
  readonly url: string;
  readonly init: { readonly method: string; readonly headers: Headers };
  readonly fields?: readonly string[] | undefined;
}

interface Outcome {
  readonly start: number | undefined;
  readonly response?: Response;
  readonly error?: CarnetError;
}

/** Writes an exchange to the debug log: names and numbers only. */
export function log({ debugLogger, clock }: Settings, call: Logged, outcome: Outcome): void {
  if (!debugLogger) return;
  const { method, headers } = call.init;
  const { start, response, error } = outcome;
  const url = withoutQuery(call.url);
  const status = response?.status ?? error?.code;
  // A logger that throws or rejects must not fail the call.
  (async () =>
    debugLogger.debug(`${method} ${url} ${status}`, {
      method,
      url,
      headers: [...headers.keys()],
      fields: call.fields,
      status,
      answerHeaders: response && [...response.headers.keys()],
      durationMs: clock.monotonic() - Number(start),
    }))().catch(() => {});
}
