import { carnetBin } from "@carnet/testkit/carnet-process";

const carnet = [process.execPath, carnetBin] as const;

/**
 * `carnet` without the privileges that let root pass file modes and low ports. Root stays root and only loses its
 * capabilities (setpriv is part of util-linux), because another user may not be able to read this checkout.
 */
export const unprivileged: readonly [string, ...string[]] =
  process.getuid?.() === 0 ? ["setpriv", "--inh-caps=-all", "--bounding-set=-all", ...carnet] : carnet;
