import { ownAuthority } from "@carnet/core/admin/permission";
import type { EventStore } from "@carnet/core/audit/event-store";
import { cliOrigin } from "@carnet/core/audit/recorder";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { IdempotencyStore } from "@carnet/core/idempotency-record";
import type { SigningKeyStore } from "@carnet/core/key/signing-key-store";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import type { RevocationStore } from "@carnet/core/revocation/revocation-store";
import type { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import type { ScopeClaims } from "@carnet/core/scope/scope-claims";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import type { ChangePorts } from "@carnet/server/http/admin/admin-ports";
import { MemoryEventStore } from "./memory-event-store.ts";
import { MemoryOwnerStore } from "./memory-owner-store.ts";
import { MemoryPepperStore } from "./memory-pepper-store.ts";
import { MemoryRevocationStore } from "./memory-revocation-store.ts";
import { keyPortsOf, MemorySigningKeyStore } from "./memory-signing-key-store.ts";
import { memorySealer } from "./test-data-keys.ts";

/** What a test has besides its token endpoint. */
export interface AdministeredEndpoint {
  readonly ports: TokenEndpointPorts;
  readonly store: ClientStore & IdempotencyStore;
  readonly scopes: ScopeCatalogue;
  /** Defaults to none that a change must reach. */
  readonly scopeClaims?: Pick<ScopeClaims, "refresh">;
  /** Defaults to a map with the owner `default`. */
  readonly owners?: OwnerStore;
  /** Defaults to a list of its own. */
  readonly revocations?: RevocationStore;
  /** Defaults to a list of its own. */
  readonly signingKeys?: SigningKeyStore;
  /** Where unchanged and repeated calls are stored. Defaults to a list that nobody reads. */
  readonly storedEvents?: EventStore;
}

/** The command line may see everything, so nothing is looked up. */
const noStandings = { find: async () => new Map(), list: async () => [], owners: async () => new Map() };

/** The ports of the admin API, built on a token endpoint. Idempotency records are sealed under a fixed key, and changes are recorded as the command line's. */
export function adminPortsOf({
  ports,
  store,
  scopes,
  scopeClaims = { refresh: async () => {} },
  owners = new MemoryOwnerStore(),
  storedEvents = new MemoryEventStore(),
  signingKeys = new MemorySigningKeyStore(),
  revocations = new MemoryRevocationStore(new MemoryEventStore(), () => undefined),
}: AdministeredEndpoint): ChangePorts {
  const { clock, random, hasher, uses, directory, policy, verifier, recorder, eventIds } = ports;
  const answerSealer = memorySealer;
  return {
    ...{ clock, random, hasher, uses, directory, store, scopes, verifier, revocations, answerSealer },
    scopeClaims,
    ...{ recorder, eventIds, events: storedEvents, keys: keyPortsOf(signingKeys) },
    origin: cliOrigin("client_changed"),
    answers: store,
    peppers: new MemoryPepperStore(),
    node: "node-1",
    authority: ownAuthority,
    owners,
    platformContact: "a platform admin",
    accessTokenTtl: policy.accessTokenTtl,
    issuer: policy.issuer,
    audit: { events: storedEvents, journal: undefined, standings: noStandings },
    refusalsMaxAge: 7,
    usage: { read: async () => [] },
    refusals: { unknownCallers: async () => [] },
    saveCounts: async () => {},
  };
}
