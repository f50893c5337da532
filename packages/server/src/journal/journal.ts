import { createHash } from "node:crypto";
import { setImmediate as endOfTurn } from "node:timers/promises";
import type { AuditEvent } from "@carnet/core/audit/event";
import type { Recorder } from "@carnet/core/audit/recorder";
import { eventJson } from "../audit/event-json.ts";
import { type LogOutput, LogStalled } from "../log/log-output.ts";

/** The record of everything that happens, as a chain of JSON lines: each has the hash of the line before. */
export interface Journal extends Recorder {
  /** Whether nothing can be recorded at the moment. */
  readonly isUnavailable: boolean;
  /** Writes and syncs what is left. */
  close(): Promise<void>;
}

/** A journal among the log lines. */
export function openStdoutJournal(output: Pick<LogOutput, "record" | "isStalled">, node: string): Journal {
  let lines = "";
  let prev = "0".repeat(64);
  let writing: Promise<void> | undefined;
  const write = (): Promise<void> => {
    const together = lines;
    lines = "";
    writing = undefined;
    return output.record(together);
  };
  return {
    get isUnavailable() {
      return output.isStalled;
    },
    record(event: AuditEvent) {
      if (output.isStalled) throw new LogStalled();
      const line = `${eventJson(event, node).slice(0, -1)},"prev":"${prev}"}`;
      prev = createHash("sha256").update(line).digest("hex");
      lines += `${line}\n`;
      writing ??= endOfTurn().then(write);
      return writing;
    },
    close: async () => {
      await writing;
    },
  };
}
