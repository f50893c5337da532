import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Job, JobResult } from "./job.ts";

type Reply = { readonly result: JobResult } | { readonly error: string };

/** The load generator process. It lives for the whole run, so that it is equally warm for all contenders. */
export class Generator implements AsyncDisposable {
  readonly #process: ChildProcess;
  #onReply: (reply: Reply) => void = () => {};

  constructor() {
    this.#process = fork(fileURLToPath(new URL("generator.ts", import.meta.url)), { serialization: "advanced" });
    this.#process.on("message", (reply: Reply) => this.#onReply(reply));
    this.#process.on("exit", () => this.#onReply({ error: "the load generator ended" }));
  }

  /** Runs one job. Throws if a response had an unexpected status, because then the figures are useless. */
  async run(job: Job): Promise<JobResult> {
    const reply = await new Promise<Reply>((resolve) => {
      this.#onReply = resolve;
      this.#process.send(job);
    });
    if ("error" in reply) throw new Error(reply.error);
    reply.result.loads.forEach(({ answers, unexpected }, index) => {
      const expect = job.loads[index]?.expect;
      const seen = Object.entries(unexpected).map(([status, count]) => `${count} times ${status}`);
      if (seen.length > 0 || answers === 0)
        throw new Error(`expected only status ${expect}, got it ${answers} times and ${seen.join(", ") || "no other"}`);
    });
    return reply.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}
