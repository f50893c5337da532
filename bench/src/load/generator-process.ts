import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Job, JobResult, LoadResult } from "./job.ts";

type Reply = { readonly result: JobResult } | { readonly error: string };

/** The load generator process. It lives for the whole run, so that it is equally warm for all contenders. */
export class Generator implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #patience: number;
  #onReply: (reply: Reply) => void = () => {};

  /** @param patience how many seconds to wait for an answer before a service counts as stalled */
  constructor(patience: number) {
    this.#patience = patience;
    this.#process = fork(fileURLToPath(new URL("generator.ts", import.meta.url)), { serialization: "advanced" });
    this.#process.on("message", (reply: Reply) => this.#onReply(reply));
    this.#process.on("exit", () => this.#onReply({ error: "the load generator ended" }));
  }

  /** Runs one job. Throws if a request was not answered as expected, because then the figures are useless. */
  async run(job: Omit<Job, "patience">): Promise<JobResult> {
    const reply = await new Promise<Reply>((resolve) => {
      this.#onReply = resolve;
      this.#process.send({ ...job, patience: this.#patience } satisfies Job);
    });
    if ("error" in reply) throw new Error(reply.error);
    const faults = reply.result.loads.flatMap((result, index) =>
      faultsOf(result, job.loads[index]?.expect, this.#patience),
    );
    if (faults.length > 0) throw new Error(faults.join(", and "));
    return reply.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}

/** What a service did wrong under a load. */
function faultsOf(result: LoadResult, expect: number | undefined, patience: number): readonly string[] {
  const { 0: broken, ...statuses } = result.unexpected;
  const faults = Object.entries(statuses).map(
    ([status, count]) => `it answered ${status} instead of ${expect} to ${requests(count)}`,
  );
  if (broken !== undefined) faults.push(`it closed the connection without an answer to ${requests(broken)}`);
  if (result.unanswered > 0) faults.push(`it gave no answer to ${requests(result.unanswered)} within ${patience} s`);
  if (faults.length === 0 && result.answers === 0) faults.push("it answered nothing");
  return faults;
}

const requests = (count: number): string => (count === 1 ? "1 request" : `${count} requests`);
