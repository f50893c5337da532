import { existsSync } from "node:fs";
import { audience, scope } from "../workload.ts";
import type { Contender } from "./contender.ts";

/** A running token service, given as `--peer name=url` or, with its process id, as `--peer name=url,pid`. */
export function externalPeer(text: string): Contender {
  const match = /^([a-z0-9-]+)=(http:\/\/[^,]+)(?:,(\d+))?$/.exec(text);
  const url = URL.parse(match?.[2] ?? "");
  const name = match?.[1];
  if (url === null || name === undefined || !["127.0.0.1", "localhost"].includes(url.hostname)) {
    throw new Error(
      `--peer cannot be ${JSON.stringify(text)}. Accepted: name=http://127.0.0.1:PORT/PATH, followed by ,PID to measure CPU and memory`,
    );
  }
  const pids = match?.[3] === undefined ? [] : [Number(match[3])];
  return {
    name,
    title: name,
    settings: `already running at ${url.href}`,
    version: "unknown",
    required: false,
    shape: {
      path: url.pathname,
      scope: process.env["BENCH_PEER_SCOPE"] ?? scope,
      parameters: process.env["BENCH_PEER_AUDIENCE"] === undefined ? {} : { audience },
    },
    async prepare() {
      const ended = pids.find((pid) => !existsSync(`/proc/${pid}`));
      if (ended !== undefined) throw new Error(`there is no process ${ended}`);
      return { kind: "running", port: Number(url.port || 80), pids };
    },
  };
}
