import type { ClientId } from "@carnet/protocol/ids";
import type { Client } from "./client.ts";

/** The clients that a process has in memory. Any of them may be gone at any time. */
export interface ClientMemory {
  get(clientId: ClientId): Client | undefined;
  /** Keeps a client as it was read just now. No less work where it is there already. */
  keep(client: Client): void;
  /** Does the work of keeping a client and keeps nothing: how long it takes must not tell who is registered. */
  pretendToKeep(client: Client): void;
  forget(clientId: ClientId): void;
  forgetAll(): void;
}

/** Whether two readings are of one state; a last use is no change of a client, but shows whether a secret is idle. */
export const isSameState = (left: Client, right: Client): boolean =>
  left.clientId === right.clientId &&
  left.createdAt === right.createdAt &&
  left.version === right.version &&
  left.secrets.every(({ idle, lastUse }, at) => idle === null || lastUse?.at === right.secrets[at]?.lastUse?.at);
