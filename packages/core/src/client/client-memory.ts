import type { ClientId } from "@carnet/protocol/ids";
import type { ProvenSecret } from "./token-client.ts";

/** A cache of secrets with their clients. Entries may be evicted at any time. */
export interface ClientMemory {
  /** Finds an entry, unless a change to it may have been missed. */
  get(digest: Uint8Array): ProvenSecret | undefined;
  /** Finds an entry, even one in doubt. */
  getDoubted(digest: Uint8Array): ProvenSecret | undefined;
  set(digest: Uint8Array, proven: ProvenSecret): void;
  delete(digest: Uint8Array): void;
  /** Drops every secret of a client. */
  deleteClient(clientId: ClientId): void;
  /** Puts every present entry in doubt. */
  doubtAll(): void;
  clear(): void;
}
