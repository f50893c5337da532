import type { ClientId } from "@carnet/protocol/ids";
import type { ProvenSecret } from "./token-client.ts";

/** A cache of secrets with their clients. Entries may be evicted at any time. */
export interface ClientMemory {
  get(digest: Uint8Array): ProvenSecret | undefined;
  set(digest: Uint8Array, proven: ProvenSecret): void;
  /** Drops every secret of a client. */
  deleteClient(clientId: ClientId): void;
  clear(): void;
}
