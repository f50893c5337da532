import { numberedClient } from "../registry/numbered-client.ts";
import { eachOnceDraw, seededRandom, uniformDraw, zipfDraw } from "./draws.ts";
import type { Load } from "./job.ts";
import { type Callers, requestWriter } from "./request-text.ts";

/** Sources are kept between loads, so that a walk through all clients goes on where it stopped. */
const draws = new Map<string, () => number>();

/** A function that gives the text of the next request of a load. */
export function requestSource({ callers, shape, port }: Load): () => string {
  const write = requestWriter(shape, port);
  if (callers.kind === "one") {
    const text = write(callers.id, callers.secret);
    return () => text;
  }
  const draw = drawOf(callers);
  return () => {
    const { id, secret } = numberedClient(draw());
    return write(id, secret);
  };
}

function drawOf(callers: Callers & { kind: "registry" }): () => number {
  const name = `${callers.draw} ${callers.size}`;
  const known = draws.get(name);
  if (known !== undefined) return known;
  const draw = makeDraw[callers.draw](callers.size, seededRandom(callers.size));
  draws.set(name, draw);
  return draw;
}

const makeDraw = { "each-once": eachOnceDraw, uniform: uniformDraw, zipf: zipfDraw } as const;
