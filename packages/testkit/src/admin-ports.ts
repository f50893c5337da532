import { createSecretKey } from "node:crypto";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { IdempotencyStore } from "@carnet/core/idempotency-record";
import type { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { createSealer } from "@carnet/server/crypto/sealer";
import type { AdminPorts } from "@carnet/server/http/admin/admin-ports";

/** What a test has besides its token endpoint. */
export interface AdministeredEndpoint {
  readonly ports: TokenEndpointPorts;
  readonly store: ClientStore & IdempotencyStore;
  readonly scopes: ScopeCatalogue;
}

/** The ports of the admin API, built on a token endpoint. Idempotency records are sealed under a fixed key. */
export function adminPortsOf({ ports, store, scopes }: AdministeredEndpoint): AdminPorts {
  const { clock, random, hasher, uses, directory, policy, verifier } = ports;
  const answerSealer = createSealer(createSecretKey(Buffer.alloc(32, 1)));
  return {
    ...{ clock, random, hasher, uses, directory, store, scopes, verifier, answerSealer },
    answers: store,
    issuer: policy.issuer,
  };
}
