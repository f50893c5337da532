import { numberedClient } from "../registry/numbered-client.ts";
import type { Load } from "./job.ts";
import { type Callers, requestWriter } from "./request-text.ts";
import { seededRandom, shuffledSampler, uniformSampler, zipfSampler } from "./sampling.ts";

/** Samplers live as long as the process, so that a walk through all clients continues where it stopped. */
const cachedSamplers = new Map<string, () => number>();

/** Returns a function that produces the text of each next request. */
export function requestSource({ callers, shape, port }: Load): () => string {
  const write = requestWriter(shape, port);
  if (callers.kind === "one") {
    const text = write(callers.id, callers.secret);
    return () => text;
  }
  const sampler = samplerOf(callers);
  return () => {
    const { id, secret } = numberedClient(sampler());
    return write(id, secret);
  };
}

function samplerOf(callers: Callers & { kind: "registry" }): () => number {
  const name = `${callers.sampling} ${callers.size}`;
  const known = cachedSamplers.get(name);
  if (known !== undefined) return known;
  const sampler = samplers[callers.sampling](callers.size, seededRandom(callers.size));
  cachedSamplers.set(name, sampler);
  return sampler;
}

const samplers = { "each-once": shuffledSampler, uniform: uniformSampler, zipf: zipfSampler } as const;
