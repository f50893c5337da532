import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Job, JobResult } from "./job.ts";

type Answer = { readonly result: JobResult } | { readonly error: string };

/** The load generator, as a process of its own that lives through the whole run, so that it is warm for all alike. */
export class Generator implements AsyncDisposable {
  readonly #process: ChildProcess;
  #take: (answer: Answer) => void = () => {};

  constructor() {
    this.#process = fork(fileURLToPath(new URL("generator.ts", import.meta.url)), { serialization: "advanced" });
    this.#process.on("message", (answer: Answer) => this.#take(answer));
    this.#process.on("exit", () => this.#take({ error: "the load generator ended" }));
  }

  /** Does one job. Throws where an answer was another one than expected, since then nothing of use was measured. */
  async run(job: Job): Promise<JobResult> {
    const answer = await new Promise<Answer>((resolve) => {
      this.#take = resolve;
      this.#process.send(job);
    });
    if ("error" in answer) throw new Error(answer.error);
    answer.result.loads.forEach(({ answers, unexpected }, index) => {
      const expect = job.loads[index]?.expect;
      const seen = Object.entries(unexpected).map(([status, count]) => `${count} times ${status}`);
      if (seen.length > 0 || answers === 0)
        throw new Error(`expected only ${expect}, got ${answers} of them and ${seen.join(", ") || "nothing else"}`);
    });
    return answer.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}
