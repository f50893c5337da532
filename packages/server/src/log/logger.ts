import { type DestinationStream, pino } from "pino";
import { describeFault, framesOf } from "../fault.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What may stand in a log line. There is no room for an object, so none with a secret in it can slip in. */
export type Facts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** The one way to write a log. Callers choose each fact by name; nothing from a request is written as it came. */
export interface Log {
  debug(event: string, facts?: Facts): void;
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
  /** An error, as much of it as carries no data. */
  fault(event: string, error: unknown, facts?: Facts): void;
}

/** One JSON object a line. */
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
    error: (event, facts = {}) => lines.error(facts, event),
    fault: (event, error, facts = {}) =>
      lines.error({ ...facts, fault: describeFault(error), frames: framesOf(error) }, event),
  };
}
