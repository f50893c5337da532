import { type DestinationStream, pino } from "pino";
import { describeFault, framesOf } from "../fault.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** The values of a log line. Objects are not allowed, so none that contains a secret can slip in. */
export type Facts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** The only way to log. Callers choose each fact by name, and never log request data verbatim. */
export interface Log {
  debug(event: string, facts?: Facts): void;
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  /** Logs the parts of an error that contain no data. */
  fault(event: string, error: unknown, facts?: Facts): void;
}

/** Writes one JSON object per line. */
export function createLog(level: LogLevel, destination: DestinationStream): Log {
  const lines = pino(
    {
      level,
      base: null,
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    debug: (event, facts = {}) => lines.debug(facts, event),
    info: (event, facts = {}) => lines.info(facts, event),
    warn: (event, facts = {}) => lines.warn(facts, event),
    fault: (event, error, facts = {}) =>
      lines.error({ ...facts, fault: describeFault(error), frames: framesOf(error) }, event),
  };
}
