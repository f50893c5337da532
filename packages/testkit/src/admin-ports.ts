import { createSecretKey } from "node:crypto";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { IdempotencyStore } from "@carnet/core/idempotency-record";
import type { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { createSealer } from "@carnet/server/crypto/sealer";
import type { AdminPorts } from "@carnet/server/http/admin/admin-ports";
import { noKeys } from "./no-keys.ts";

/** What a test has beside its token endpoint. */
export interface AdministeredEndpoint {
  readonly ports: TokenEndpointPorts;
  readonly store: ClientStore & IdempotencyStore;
  readonly scopes: ScopeCatalogue;
}

/** The admin API on the parts of a token endpoint. Kept answers are sealed under a key that means nothing. */
export function adminPortsOf({ ports, store, scopes }: AdministeredEndpoint): AdminPorts {
  const { clock, random, hasher, uses, directory, policy } = ports;
  const answerSealer = createSealer(createSecretKey(Buffer.alloc(32, 1)));
  return {
    ...{ clock, random, hasher, uses, directory, store, scopes, keys: noKeys, answerSealer },
    answers: store,
    issuer: policy.issuer,
  };
}
