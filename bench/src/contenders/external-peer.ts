import { readFileSync } from "node:fs";
import { audience, scope } from "../work.ts";
import type { Contender } from "./contender.ts";

/** A token service that runs already, as `--peer name=url` names it; `url,pid` where its process is on this machine. */
export function externalPeer(text: string): Contender {
  const match = /^([a-z0-9-]+)=(http:\/\/[^,]+)(?:,(\d+))?$/.exec(text);
  const url = URL.parse(match?.[2] ?? "");
  const name = match?.[1];
  if (url === null || name === undefined || !["127.0.0.1", "localhost"].includes(url.hostname)) {
    throw new Error(
      `--peer cannot be ${JSON.stringify(text)}: accepted: name=http://127.0.0.1:PORT/PATH, and ,PID after it to have CPU and memory measured`,
    );
  }
  const pids = match?.[3] === undefined ? [] : [Number(match[3])];
  for (const pid of pids) readFileSync(`/proc/${pid}/stat`); // throws here rather than in the middle of the run
  return {
    name,
    title: name,
    settings: `ran already at ${url.href}`,
    version: "not known",
    shape: {
      path: url.pathname,
      scope: process.env["BENCH_PEER_SCOPE"] ?? scope,
      parameters: process.env["BENCH_PEER_AUDIENCE"] === undefined ? {} : { audience },
    },
    prepare: async () => ({ kind: "running", port: Number(url.port || 80), pids }),
  };
}
