import { carnet } from "./carnet.ts";
import type { Contender } from "./contender.ts";
import { hydra } from "./hydra.ts";
import { keycloak } from "./keycloak.ts";
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

/** Contenders that are measured only on request, because they need Go or Java. */
export const peersOnRequest: readonly Contender[] = [hydra, keycloak];
