import type { ClientId } from "@carnet/protocol/ids";
import type { TokenClient } from "./token-client.ts";

/** The clients that a process has in memory. Any of them may be gone at any time. */
export interface ClientMemory {
  /** No less work where the client is not there: how long it takes must not tell who is registered. */
  get(clientId: ClientId): TokenClient | undefined;
  /** Keeps a client as it was read just now. No less work where it is there already. */
  keep(client: TokenClient): void;
  /** Forgets one that is not there, by the work of keeping the one that was read in its place, which is not kept. */
  keepNobody(clientId: ClientId, standIn: TokenClient): void;
  forget(clientId: ClientId): void;
  forgetAll(): void;
}
