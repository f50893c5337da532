import type { FastifyInstance } from "fastify";
import inject, { type InjectOptions, type Response } from "light-my-request";

/** Sends a request through the whole HTTP stack without a connection. */
export async function answerOf(app: FastifyInstance, request: InjectOptions | string): Promise<Response> {
  await app.ready();
  return inject((incoming, outgoing) => void app.server.emit("request", incoming, outgoing), request);
}
