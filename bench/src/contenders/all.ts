import { carnet } from "./carnet.ts";
import type { Contender } from "./contender.ts";
import { betterAuth, fastifyFloor, floor, jmondi, nodeOauth, oidcProvider } from "./peers.ts";

/** Everything that is measured beside each other, in the order of the tables. Ours comes first. */
export const contenders: readonly Contender[] = [
  carnet,
  floor,
  fastifyFloor,
  oidcProvider,
  nodeOauth,
  jmondi,
  betterAuth,
];
