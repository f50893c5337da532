import { pipeline } from "node:stream/promises";
import type { AdminProblem } from "@carnet/core/admin-problem";
import type { FastifyReply } from "fastify";
import type { Log } from "../../log/logger.ts";

/** An export or a verification reads the whole journal, so only a few run at a time. */
const maxStreams = 2;

export const tooManyStreams: AdminProblem = {
  kind: "unavailable",
  detail: "two exports or verifications are running on this node: try again when one of them has ended",
};

/** Answers of any length, as JSON Lines. */
export class AnswerStreams {
  readonly #log: Pick<Log, "fault">;
  #running = 0;

  constructor(log: Pick<Log, "fault">) {
    this.#log = log;
  }

  get isFull(): boolean {
    return this.#running >= maxStreams;
  }

  /** Sends the chunks as fast as the caller reads, and closes them when the caller hangs up. */
  async send(reply: FastifyReply, chunks: AsyncIterable<string>): Promise<FastifyReply> {
    this.#running++;
    reply.hijack();
    reply.raw.writeHead(200, { "Content-Type": "application/jsonl;charset=UTF-8", "Cache-Control": "no-store" });
    try {
      await pipeline(chunks, reply.raw);
    } catch (error) {
      if (!isHangUp(error)) this.#log.fault("answer_cut_off", error, { requestId: reply.request.id });
    } finally {
      this.#running--;
    }
    return reply;
  }
}

const isHangUp = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
