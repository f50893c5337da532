import type { Contender } from "../contenders/contender.ts";
import { type RunningContender, startContender } from "../processes/running-contender.ts";
import { capacityConnections } from "./issuing.ts";
import type { Bench } from "./mode.ts";
import { measureSlice, type Slice } from "./slice.ts";

/** The figures of one contender under a closed loop with 32 connections, one slice per round. */
export interface Figures {
  readonly name: string;
  readonly title: string;
  readonly settings: string;
  readonly slices: readonly Slice[];
}

const pace = { kind: "closed", connections: capacityConnections } as const;

/** Seconds that `measureInTurns` takes. */
export const turnsEstimate = ({ firstWarmup, rounds, slice, warmup }: Bench["scale"], contenders: number): number =>
  contenders * (firstWarmup + 2 * rounds * (slice + warmup));

/** Measures contenders in alternating rounds. Carnet comes first, because the floors match the size of its response. */
export async function measureInTurns(
  { scale, generator, progress }: Bench,
  contenders: readonly Contender[],
): Promise<readonly Figures[]> {
  const running: { readonly server: RunningContender; readonly slices: Slice[] }[] = [];
  try {
    for (const contender of contenders) {
      const server = await startContender(contender, { answerBytes: running[0]?.server.token.bytes ?? 0 });
      running.push({ server, slices: [] });
    }
    for (let round = 0; round < 2 * scale.rounds; round++)
      for (const { server, slices } of running) {
        const warmup = round === 0 ? scale.firstWarmup : scale.warmup;
        slices.push(await measureSlice(server, generator, { pace, warmup, measure: { seconds: scale.slice } }));
        progress.step(warmup + scale.slice, server.contender.title);
      }
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
  }
  return running.map(({ server: { contender }, slices }) => {
    const { name, title, settings } = contender;
    return { name, title, settings, slices };
  });
}
