import type { IntrospectionEndpointPorts } from "@carnet/core/introspection/introspection-endpoint";
import type { RevocationEndpointPorts } from "@carnet/core/revocation/revocation-endpoint";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import type { VerificationKeys } from "../crypto/key-ring.ts";
import type { Log } from "../log/logger.ts";
import type { ServiceCounts } from "../metrics/service-counts.ts";
import type { RevocationFeed } from "../revocation/revocation-feed.ts";
import type { StoreGrace } from "../store/store-contact.ts";
import type { AdminPorts } from "./admin/admin-ports.ts";

/** What the endpoints need at which clients authenticate themselves. */
export type ClientPorts = TokenEndpointPorts & IntrospectionEndpointPorts & RevocationEndpointPorts;

/** Everything that the HTTP side needs from the rest of the service. */
export interface HttpPorts {
  readonly token: ClientPorts;
  readonly admin: AdminPorts;
  readonly keys: VerificationKeys;
  /** How long verifiers use the published keys before they ask for them again, in milliseconds. */
  readonly jwksMaxAge: number;
  readonly revocationFeed: RevocationFeed;
  readonly log: Log;
  readonly counts: Pick<ServiceCounts, "requests" | "connectionsOpen" | "connectionsClosed">;
  readonly trustedProxies: readonly string[];
  /** Rejects when the store does not answer. */
  checkStore(): Promise<void>;
  /** How long clients in memory get tokens while the store is away. */
  storeGrace(): StoreGrace;
  /** The store in the messages of its faults: a path, or a URL without the password. */
  readonly storeName: string;
  /** Whether the service was told to stop. */
  isDraining(): boolean;
  /** Whether requests must be refused, because nothing can be recorded at the moment. */
  isJournalUnavailable(): boolean;
}
