import { carnet } from "./carnet.ts";
import type { Contender } from "./contender.ts";
import { betterAuth, fastifyFloor, floor, jmondi, nodeOauth, oidcProvider } from "./peers.ts";

/** All contenders in the order of the tables. Carnet comes first. */
export const contenders: readonly Contender[] = [
  carnet,
  floor,
  fastifyFloor,
  oidcProvider,
  nodeOauth,
  jmondi,
  betterAuth,
];
