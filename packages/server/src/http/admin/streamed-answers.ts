import { pipeline } from "node:stream/promises";
import type { AdminProblem } from "@carnet/core/admin-problem";
import type { Clock } from "@carnet/core/ports";
import type { FastifyReply } from "fastify";
import { hasCode } from "../../fault.ts";
import type { Log } from "../../log/logger.ts";

/** An export or a verification reads the whole journal, so only a few run at a time. */
const maxStreams = 2;

/** How long a caller may take to read one chunk, so that one who stalls does not keep its place, in milliseconds. */
const maxStall = 60_000;

/** How often to check that the caller may still read, in milliseconds. */
const checkInterval = 1000;

export const tooManyStreams: AdminProblem = {
  kind: "unavailable",
  detail: "two exports or verifications are running on this node: try again when one of them has ended",
};

/** Runs a function after some milliseconds. Returns what cancels it. */
export type StartTimer = (run: () => void, milliseconds: number) => () => void;

const startTimeout: StartTimer = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds);
  return () => clearTimeout(timer);
};

export interface StreamPorts {
  readonly log: Pick<Log, "fault" | "warn">;
  readonly clock: Clock;
  readonly startTimer?: StartTimer;
}

export interface StreamedAnswer {
  readonly chunks: AsyncIterable<string>;
  /** Whether the caller may still read: its client can be disabled meanwhile. */
  isAllowed(): Promise<boolean>;
}

/** Answers of any length, as JSON Lines. */
export class AnswerStreams {
  readonly #log: StreamPorts["log"];
  readonly #clock: Clock;
  readonly #startTimer: StartTimer;
  #running = 0;

  constructor({ log, clock, startTimer = startTimeout }: StreamPorts) {
    this.#log = log;
    this.#clock = clock;
    this.#startTimer = startTimer;
  }

  get isFull(): boolean {
    return this.#running >= maxStreams;
  }

  /**
   * Sends the chunks as fast as the caller reads, and closes them when the caller hangs up. Breaks off if the caller
   * stalls, or may not read any more.
   */
  async send(reply: FastifyReply, answer: StreamedAnswer): Promise<FastifyReply> {
    this.#running++;
    reply.hijack();
    reply.raw.writeHead(200, { "Content-Type": "application/jsonl;charset=UTF-8", "Cache-Control": "no-store" });
    const stalled = new AbortController();
    let stop = (): void => {};
    const watch = (): void => {
      stop = this.#startTimer(() => stalled.abort(), maxStall);
    };
    try {
      const chunks = this.#whileAllowed(answer);
      await pipeline(whileRead(chunks, { watch, stop: () => stop() }), reply.raw, { signal: stalled.signal });
    } catch (error) {
      this.#report(stalled.signal.aborted ? new CutOff("the caller stalled") : error, reply.request.id);
    } finally {
      stop();
      this.#running--;
    }
    return reply;
  }

  async *#whileAllowed({ chunks, isAllowed }: StreamedAnswer): AsyncGenerator<string> {
    let checkedAt = this.#clock.now();
    for await (const chunk of chunks) {
      // The clock can be set back too
      if (Math.abs(this.#clock.now() - checkedAt) >= checkInterval) {
        if (!(await isAllowed())) throw new CutOff("the caller is not allowed to read any more");
        checkedAt = this.#clock.now();
      }
      yield chunk;
    }
  }

  #report(error: unknown, requestId: string): void {
    if (error instanceof CutOff) this.#log.warn("answer_cut_off", { requestId, reason: error.message });
    else if (!isHangUp(error)) this.#log.fault("answer_cut_off", error, { requestId });
  }
}

/** The answer was broken off on purpose. */
class CutOff extends Error {}

/** Watches the time in which the caller reads, not the time in which the next chunk is made. */
async function* whileRead(
  chunks: AsyncIterable<string>,
  { watch, stop }: { watch(): void; stop(): void },
): AsyncGenerator<string> {
  for await (const chunk of chunks) {
    watch();
    yield chunk;
    stop();
  }
  watch(); // what is still buffered
}

const isHangUp = (error: unknown): boolean => hasCode(error, "ERR_STREAM_PREMATURE_CLOSE");
