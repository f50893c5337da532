import { serviceOrigin } from "@carnet/core/audit/recorder";
import type { ClientDirectory } from "@carnet/core/client/client-directory";
import { SecretMoves } from "@carnet/core/client/secret-moves";
import { deleteEndedPeppers, type PepperPorts } from "@carnet/core/pepper/rotate-pepper";
import type { BackgroundTask } from "./background.ts";
import type { Storage } from "./store/open-store.ts";
import type { WatchedStore } from "./store/watch-store.ts";

/** How often each task runs, in milliseconds. */
const intervals = { peppers: 500, moves: 1000, ended: 60_000 } as const;

/** What a process does for the rotation of the pepper besides answering requests. */
export interface PepperWork {
  readonly moves: SecretMoves;
  readonly tasks: readonly BackgroundTask[];
}

export function createPepperWork(
  {
    peppers,
    hasher,
    store,
  }: Pick<Storage, "peppers" | "hasher"> & { readonly store: Pick<WatchedStore, "moveSecrets"> },
  { directory, ...ports }: Omit<PepperPorts, "random" | "peppers" | "origin"> & { readonly directory: ClientDirectory },
): PepperWork {
  const moves = new SecretMoves({ store, moved: (clientId) => directory.forget(clientId) });
  const origin = serviceOrigin("pepper_ended");
  return {
    moves,
    tasks: [
      { name: "peppers", every: intervals.peppers, run: () => hasher.refresh() },
      { name: "secret moves", every: intervals.moves, run: () => moves.flush() },
      {
        name: "ended peppers",
        every: intervals.ended,
        atStart: true,
        run: () => deleteEndedPeppers({ ...ports, peppers, origin }),
      },
    ],
  };
}
